import type { Clock } from '../base/clock.ts';
import type { DnsPorts } from '../dns/ports.ts';
import { duties } from '../duties/registry.ts';
import { dueStates } from '../lifecycle/pipelines.ts';
import { claimDue, claimRow, hasWork } from '../records/claims.ts';
import type { Database } from '../records/database.ts';
import { enterDuties } from '../records/duties.ts';
import { takeOver } from '../records/ticks.ts';
import { findRow, type VmRow } from '../records/vm-row.ts';
import type { TickReport } from '../report/tick-report.ts';
import type { Settings } from '../settings/types.ts';
import type { AttemptEnd } from './attempt.ts';
import { createClusters } from './clusters.ts';
import type { Drain } from './drain.ts';
import { runDuties } from './duty-runner.ts';
import { beginLease, type Lease } from './lease.ts';
import { type RowTools, runRow } from './run-row.ts';

export interface TickOptions {
  /** Rows in work at once. */
  readonly concurrency: number;
  /** After so many seconds nothing new is claimed, and what can be given back is. */
  readonly maxRuntimeSeconds: number;
  /** Only this row, whatever it waits for; no duties. */
  readonly only?: number | undefined;
}

export interface TickPorts {
  readonly db: Database;
  readonly settings: Settings;
  readonly clock: Clock;
  readonly report: TickReport;
  readonly drain: Drain;
}

/** How many rows ended in which way, and the exit codes that they ask for. */
export interface TickResult {
  readonly ends: Readonly<Ends>;
  readonly codes: ReadonlySet<number>;
}
type Ends = Record<Exclude<AttemptEnd, 'moved'>, number>;

/** How often a tick that is at work looks for rows that have become due. */
const lookMs = 5_000;

/**
 * One tick: claims what is due and carries it as far as it goes, also what becomes due meanwhile, until nothing is left or
 * its time is over. With nothing to do it costs one query.
 */
export async function runTick(ports: TickPorts, options: TickOptions): Promise<TickResult> {
  const { db, settings, clock, drain } = ports;
  const ends: Ends = { done: 0, failed: 0, crashed: 0, waiting: 0, outage: 0, lost: 0 };
  const codes = new Set<number>();
  const result = { ends, codes };
  if (options.only === undefined && !(await hasWork(db, dueStates))) return result;
  const lease = await beginLease(db, clock, settings.claimLeaseSeconds * 1000);
  const maxRuntime = new AbortController();
  const ended = new AbortController();
  const timer = clock.sleep(options.maxRuntimeSeconds * 1000, ended.signal).then(
    () => maxRuntime.abort(new Error('max-runtime')),
    () => {},
  );
  const tools = createTools(ports, lease, codes, AbortSignal.any([drain.draining, maxRuntime.signal]));
  try {
    await takeOver(db);
    if (options.only === undefined) {
      await enterDuties(
        db,
        duties.map(({ name }) => name),
      );
      await workOff(tools, options, ends);
    } else {
      const row = await claimOnly(tools, options.only);
      if (row) ends[await runRow(tools, row)] += 1;
    }
  } finally {
    ended.abort();
    await timer;
    await lease.end();
  }
  return result;
}

function createTools(ports: TickPorts, lease: Lease, codes: Set<number>, draining: AbortSignal): RowTools {
  const { db, settings, clock, report, drain } = ports;
  const signal = AbortSignal.any([lease.lost, drain.over]);
  const clusters = createClusters(settings, clock, lease, signal);
  let dns: Promise<DnsPorts> | undefined;
  return {
    db,
    settings,
    clock,
    report,
    codes,
    draining,
    signal,
    token: lease.id,
    dbNow: () => lease.dbNow(),
    cluster: (name) => clusters.open(name),
    dns() {
      dns ??= import('../dns/ports.ts').then(({ createDnsPorts }) => createDnsPorts({ clock }));
      return dns;
    },
  };
}

/** Works until nothing is in work and nothing is due. One row's failure is its own: the others go on. */
async function workOff(tools: RowTools, { concurrency }: TickOptions, ends: Ends): Promise<void> {
  const working = new Set<Promise<void>>();
  const failures: unknown[] = [];
  const startRow = (row: VmRow) => {
    const work = runRow(tools, row).then(
      (end) => {
        ends[end] += 1;
      },
      (error) => {
        failures.push(error);
      },
    );
    const tracked = work.finally(() => working.delete(tracked));
    working.add(tracked);
  };
  const dutiesDone = runDuties({ ...tools, note: tools.report.note }).catch((error) => {
    failures.push(error);
  });
  while (!tools.draining.aborted && !tools.signal.aborted && failures.length === 0) {
    const rows = await claimDue(tools.db, tools.token, dueStates, concurrency - working.size);
    for (const row of rows) startRow(row);
    if (working.size === 0) break;
    await Promise.race([...working, tools.clock.sleep(lookMs, tools.draining).catch(() => {})]);
  }
  await Promise.all([...working, dutiesDone]);
  if (failures.length > 0) throw failures[0];
}

async function claimOnly(tools: RowTools, id: number): Promise<VmRow | undefined> {
  if (!(await claimRow(tools.db, tools.token, id))) {
    tools.report.note(`  row ${id} is being worked on by another tick`);
    return undefined;
  }
  return findRow(tools.db, id);
}
