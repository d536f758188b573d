import { type DnsError, toDnsError } from './errors.ts';
import { keysOf, planUnread, planZone } from './plan.ts';
import { keyText, type RrsetResult, type ZoneProvider } from './provider.ts';
import { type Failure, toResult } from './result.ts';
import type { RecordResult, RecordTask } from './task.ts';

/** The results of tasks in one zone, in their order. */
export interface ZoneRun {
  readonly results: readonly RecordResult[];
  /** Set when it is pointless to ask this server for more. */
  readonly outage?: Failure | undefined;
  /** The server did not answer. */
  readonly unreachable?: DnsError | undefined;
}

/** Reads a zone once, works out what has to change, and writes that at once. Rejects only when aborted. */
export async function runZone(
  tasks: readonly RecordTask[],
  open: () => Promise<ZoneProvider>,
  signal?: AbortSignal,
): Promise<ZoneRun> {
  let planned = planUnread(tasks);
  try {
    const provider = await open();
    const plan = planZone(tasks, await provider.read(tasks.flatMap(keysOf)));
    planned = [...plan.tasks];
    const outcomes = plan.changes.length === 0 ? [] : await provider.apply(plan.changes);
    const failures = failuresOf(outcomes);
    return {
      results: planned.map((task) => toResult(task, (set) => failures.get(keyText(set)))),
      outage: [...failures.values()].find(({ kind }) => kind === 'transient'),
    };
  } catch (error) {
    signal?.throwIfAborted();
    const failure = toDnsError(error);
    return {
      results: planned.map((task) => toResult(task, () => failure)),
      outage: failure.kind === 'transient' || failure.unreachable ? failure : undefined,
      unreachable: failure.unreachable ? failure : undefined,
    };
  }
}

/** The tasks' results when their server is known to be out of reach: nothing is sent. */
export function skipZone(tasks: readonly RecordTask[], outage: Failure): RecordResult[] {
  return planUnread(tasks).map((task) => toResult(task, () => outage));
}

function failuresOf(outcomes: readonly RrsetResult[]): Map<string, Failure> {
  return new Map(outcomes.flatMap((outcome) => (outcome.ok ? [] : [[keyText(outcome), outcome]])));
}
