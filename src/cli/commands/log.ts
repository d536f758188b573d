import { exitCodes } from '../../base/errors.ts';
import { localTime } from '../../base/local-time.ts';
import { fromColumn } from '../../records/database-clock.ts';
import { readLog } from '../../records/vm-log.ts';
import type { CommandSpec } from '../command.ts';
import { printJson, printLine } from '../print.ts';
import { resolveRow } from '../resolve-row.ts';
import { withInstallation } from '../session.ts';

/** As many as are kept. */
const shownRuns = 50;

export const log: CommandSpec = {
  usage: 'log <id>',
  description: `Shows what was done to a VM: its last ${shownRuns} runs, each with its phases, times and errors.`,
  examples: ['vmctl log 42', 'vmctl log service:5546 --json'],
  options: [['--json', 'as one JSON document']],
  run: (typed) =>
    withInstallation(typed, async ({ db, settings }) => {
      const row = await resolveRow(db, typed.words[0] ?? '');
      const runs = await readLog(db, row.id, shownRuns);
      if (typed.options.json === true) {
        printJson(runs);
        return exitCodes.done;
      }
      const { default: chalk } = await import('chalk');
      const time = (text: string) => localTime(fromColumn(text), settings.timeZone);
      for (const run of runs) {
        const seconds =
          run.finished_at === null ? undefined : (fromColumn(run.finished_at) - fromColumn(run.started_at)) / 1000;
        const took = seconds === undefined ? 'not ended' : `${seconds.toFixed(2)}s`;
        const states = `${run.from_status} → ${run.to_status ?? '?'}`;
        const result = run.result === 'error' ? chalk.red(`error: ${run.error}`) : (run.result ?? 'going on');
        printLine(`${time(run.started_at)} [${run.action}] ${states} (${took}) ${result}`);
        for (const entry of run.entries) {
          printLine(
            `  ${time(entry.at)} ${entry.phase.padEnd(16)} ${entry.result} [${(entry.durationMs / 1000).toFixed(2)}s]`,
          );
          for (const line of entry.detail.split('\n')) if (line !== '') printLine(`    · ${line}`);
        }
      }
      return exitCodes.done;
    }),
};
