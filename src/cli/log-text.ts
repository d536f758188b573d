import type { ChalkInstance } from 'chalk';
import { localTime } from '../base/local-time.ts';
import { fromColumn } from '../records/database-clock.ts';
import type { readLog } from '../records/vm-log.ts';

type Run = Awaited<ReturnType<typeof readLog>>[number];

/** Prints the per-VM log as it grows: what was printed is not printed again. */
export interface LogPrinter {
  /** Lines for what is new in `runs`, which come newest first; the newest is printed last. */
  lines(runs: readonly Run[]): string[];
}

export function createLogPrinter(chalk: ChalkInstance, timeZone: string): LogPrinter {
  const printed = new Map<string, { entries: number; ended: boolean }>();
  const time = (text: string) => localTime(fromColumn(text), timeZone);

  function ending(run: Run): string {
    if (run.finished_at === null) return 'going on';
    const seconds = (fromColumn(run.finished_at) - fromColumn(run.started_at)) / 1000;
    const result = run.result === 'error' ? chalk.red(`error: ${run.error}`) : run.result;
    return `→ ${run.to_status} (${seconds.toFixed(2)}s) ${result}`;
  }

  function linesOf(run: Run): string[] {
    const before = printed.get(run.id);
    const ended = run.finished_at !== null;
    printed.set(run.id, { entries: run.entries.length, ended });
    const fresh = run.entries.slice(before?.entries ?? 0).flatMap((entry) => [
      `  ${time(entry.at)} ${entry.phase.padEnd(16)} ${entry.result} [${(entry.durationMs / 1000).toFixed(2)}s]`,
      ...entry.detail
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => `    · ${line}`),
    ]);
    const head = `${time(run.started_at)} [${run.action}] ${run.from_status}`;
    if (!before) return [`${head} ${ending(run)}`, ...fresh];
    return ended && !before.ended ? [...fresh, `${head} ${ending(run)}`] : fresh;
  }

  return { lines: (runs) => [...runs].reverse().flatMap(linesOf) };
}
