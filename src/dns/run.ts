import type { ZoneSettings } from '../settings/types.ts';
import { DnsError } from './errors.ts';
import { inOrder } from './in-order.ts';
import type { DnsPorts } from './ports.ts';
import type { Failure } from './result.ts';
import { serverOf } from './servers.ts';
import type { RecordResult, RecordTask } from './task.ts';
import { runZone, skipZone } from './zone-run.ts';

export interface RunOptions {
  /** Gets every result as soon as it and all before it are known: always in the order of the tasks. */
  readonly onResult?: ((result: RecordResult) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

interface Entry {
  readonly index: number;
  readonly task: RecordTask;
}
type Settle = (entries: readonly Entry[], results: readonly RecordResult[]) => void;

/**
 * Does the tasks: one server at a time what concerns it, different servers in parallel. Results are in the tasks' order.
 * A record that fails is a result, never a rejection; rejects only when aborted or when `onResult` throws.
 */
export async function runTasks(
  tasks: readonly RecordTask[],
  ports: DnsPorts,
  { onResult, signal }: RunOptions = {},
): Promise<RecordResult[]> {
  const results: RecordResult[] = [];
  const pass = inOrder<RecordResult>((result) => {
    results.push(result);
    onResult?.(result);
  });
  const settle: Settle = (entries, ended) => {
    for (const [position, result] of ended.entries()) {
      const entry = entries[position];
      if (entry !== undefined) pass(entry.index, result);
    }
  };
  const entries = tasks.map((task, index) => ({ index, task }));
  const servers = Map.groupBy(entries, ({ task }) => serverOf(task.zone));
  await Promise.all([...servers].map(([server, own]) => takeTurn(server, own, ports, settle, signal)));
  return results;
}

async function takeTurn(
  server: string,
  entries: readonly Entry[],
  ports: DnsPorts,
  settle: Settle,
  signal: AbortSignal | undefined,
): Promise<void> {
  let begun = false;
  try {
    await ports.servers.inTurn(server, () => {
      begun = true;
      return runServer(server, entries, ports, settle, signal);
    });
  } catch (error) {
    signal?.throwIfAborted();
    if (begun) throw error;
    settle(
      entries,
      skipZone(
        entries.map(({ task }) => task),
        noTurn(server, error),
      ),
    );
  }
}

async function runServer(
  server: string,
  entries: readonly Entry[],
  ports: DnsPorts,
  settle: Settle,
  signal: AbortSignal | undefined,
): Promise<void> {
  let outage: Failure | undefined = ports.servers.outage(server);
  for (const [zone, own] of Map.groupBy(entries, ({ task }): ZoneSettings => task.zone)) {
    signal?.throwIfAborted();
    const tasks = own.map(({ task }) => task);
    if (outage !== undefined) {
      settle(own, skipZone(tasks, outage));
      continue;
    }
    const run = await runZone(tasks, () => ports.open(zone, signal), signal);
    if (run.unreachable !== undefined) ports.servers.noteOutage(server, run.unreachable);
    outage = run.outage;
    settle(own, run.results);
  }
}

/** Turns may be slots that are shared with other hosts: what keeps one from us passes. */
function noTurn(server: string, error: unknown): Failure {
  const message = error instanceof Error ? error.message : String(error);
  return new DnsError('transient', `no turn at ${server}: ${message}`, { cause: error });
}
