import type { Clock } from '../base/clock.ts';
import { RefusedError } from '../base/errors.ts';
import type { DnsPorts } from '../dns/ports.ts';
import { duties } from '../duties/registry.ts';
import { dueStates } from '../lifecycle/pipelines.ts';
import { claimRow, hasWork } from '../records/claims.ts';
import type { Database } from '../records/database.ts';
import { enterDuties } from '../records/duties.ts';
import { type ModuleLog, openModuleLog } from '../records/module-log.ts';
import { takeOver } from '../records/ticks.ts';
import { findRow, type VmRow } from '../records/vm-row.ts';
import type { TickReport } from '../report/tick-report.ts';
import type { Settings } from '../settings/types.ts';
import { logProxmoxCall, whileHeld } from './call-log.ts';
import { createClusters } from './clusters.ts';
import { type Drain, withMaxRuntime } from './drain.ts';
import { beginLease, type Lease } from './lease.ts';
import { openDns } from './open-dns.ts';
import type { RowTools } from './row-tools.ts';
import type { Ends } from './work-off.ts';

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

/**
 * One tick: claims what is due and carries it as far as it goes, also what becomes due meanwhile, until nothing is left or
 * its time is over. With nothing to do it costs one query, and neither steps nor clients are loaded.
 * @throws LeaseLost when it stood still for so long that other ticks have taken over; RefusedError for a claimed `only`.
 */
export async function runTick(ports: TickPorts, options: TickOptions): Promise<TickResult> {
  const { db, settings, clock } = ports;
  const ends: Ends = { done: 0, failed: 0, crashed: 0, waiting: 0, outage: 0, lost: 0 };
  const codes = new Set<number>();
  const result = { ends, codes };
  if (options.only === undefined && !(await hasWork(db, dueStates))) return result;
  const lease = await beginLease(db, clock, settings.claimLeaseSeconds * 1000);
  const drain = withMaxRuntime(ports.drain, clock, options.maxRuntimeSeconds * 1000);
  try {
    const moduleLog = whileHeld(await openModuleLog(db, settings.moduleLog), lease);
    const tools = createTools({ ...ports, drain }, lease, codes, moduleLog);
    await takeOver(db);
    if (options.only === undefined) {
      await enterDuties(
        db,
        duties.map(({ name }) => name),
      );
      const { workOff } = await import('./work-off.ts');
      await workOff(tools, options.concurrency, ends);
    } else {
      const row = await claimOnly(tools, options.only);
      const { runRow } = await import('./run-row.ts');
      ends[await runRow(tools, row)] += 1;
    }
    await moduleLog.flush();
    await lease.ensure(0);
  } finally {
    drain.end();
    // What was dropped may still be on its way to Proxmox or DNS: its claims run out instead.
    await lease.end(!drain.over.aborted);
  }
  return result;
}

function createTools(ports: TickPorts, lease: Lease, codes: Set<number>, moduleLog: ModuleLog): RowTools {
  const { db, settings, clock, report, drain } = ports;
  const signal = AbortSignal.any([lease.lost, drain.over]);
  const clusters = createClusters(settings, clock, lease, signal, logProxmoxCall(moduleLog));
  let dns: Promise<DnsPorts> | undefined;
  return {
    db,
    settings,
    clock,
    report,
    moduleLog,
    codes,
    draining: drain.draining,
    signal,
    token: lease.id,
    dbNow: () => lease.dbNow(),
    cluster: (name) => clusters.open(name),
    dns() {
      dns ??= openDns(clock, lease, moduleLog);
      return dns;
    },
  };
}

async function claimOnly({ db, token }: RowTools, id: number): Promise<VmRow> {
  const claimed = await claimRow(db, token, id);
  const row = claimed ? await findRow(db, id) : undefined;
  if (row) return row;
  throw new RefusedError(`row ${id} is being worked on by another tick`, {
    cure: 'wait until that has ended; the claim of a tick that died runs out after CLAIM_LEASE_SECONDS',
  });
}
