import { dueStates } from '../lifecycle/pipelines.ts';
import { claimDue } from '../records/claims.ts';
import type { VmRow } from '../records/vm-row.ts';
import { runDuties } from './duty-runner.ts';
import type { RowTools } from './row-tools.ts';
import { runRow } from './run-row.ts';
import type { AttemptEnd } from './settle.ts';

/** How many rows ended in which way. */
export type Ends = Record<Exclude<AttemptEnd, 'moved'>, number>;

/** How often a tick that is at work looks for rows that have become due. */
const lookMs = 5_000;

/**
 * Works until nothing is in work and nothing is due. One row's failure is its own: the others go on.
 * @param concurrency rows in work at once.
 * @throws the first error that was no row's own, after all that was begun has ended.
 */
export async function workOff(tools: RowTools, concurrency: number, ends: Ends): Promise<void> {
  const { db, token, clock, draining, signal } = tools;
  const working = new Set<Promise<void>>();
  const failures: unknown[] = [];
  const fail = (error: unknown) => {
    failures.push(error);
  };
  function start(row: VmRow): void {
    const work = runRow(tools, row)
      .then((end) => {
        ends[end] += 1;
      }, fail)
      .finally(() => working.delete(work));
    working.add(work);
  }
  async function claim(): Promise<void> {
    const free = concurrency - working.size;
    if (free > 0) for (const row of await claimDue(db, token, dueStates, free)) start(row);
  }
  /** Until a row has ended, or it is time to look again. */
  async function pause(): Promise<void> {
    const awake = new AbortController();
    const look = clock.sleep(lookMs, AbortSignal.any([draining, signal, awake.signal])).catch(() => {});
    await Promise.race([...working, look]);
    awake.abort();
  }

  const duties = runDuties({ ...tools, note: tools.report.note }).catch(fail);
  while (!draining.aborted && !signal.aborted && failures.length === 0) {
    await claim().catch(fail);
    if (working.size === 0) break;
    await pause();
  }
  await Promise.all([...working, duties]);
  if (failures.length > 0) throw failures[0];
}
