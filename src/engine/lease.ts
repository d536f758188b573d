import { randomUUID } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import type { Database } from '../records/database.ts';
import { fromColumn } from '../records/database-clock.ts';
import { enterTick, leaveTick, renewTick } from '../records/ticks.ts';

/** Renewed four times a lease, so that three lost renewals do no harm. */
const renewalsPerLease = 4;

/** The life of a tick in the database. Rows in work carry its id. */
export interface Lease {
  readonly id: string;
  /** Aborted when the lease has run out or another tick has taken over. */
  readonly lost: AbortSignal;
  /** How many ticks are alive, this one included. */
  readonly ticks: number;
  /** The present on the database's clock, ms since the epoch, as of the last renewal and this host's monotonic clock. */
  dbNow(): number;
  /**
   * Makes sure that the lease outlives the next `ms`, renewing it if it does not.
   * @throws LeaseLost
   */
  ensure(ms: number): Promise<void>;
  end(): Promise<void>;
}

/** Another tick may be working on this tick's rows: nothing more may be changed, neither here nor there. */
export class LeaseLost extends Error {
  override name = 'LeaseLost';
  constructor() {
    super('the lease of this tick has run out; another tick has taken over');
  }
}

export async function beginLease(db: Database, clock: Clock, leaseMs: number): Promise<Lease> {
  const id = randomUUID();
  const lost = new AbortController();
  const ended = new AbortController();
  let ticks = 1;
  let until = 0;
  let sync = { db: 0, at: 0 };

  // Counted from before the statement was sent: the lease is never believed to last longer than the database says.
  async function write(statement: () => Promise<{ alive: boolean; ticks: number; now: string }>): Promise<void> {
    const at = clock.monotonic();
    const result = await statement();
    if (!result.alive) {
      lost.abort(new LeaseLost());
      throw new LeaseLost();
    }
    ticks = result.ticks;
    until = at + leaseMs;
    sync = { db: fromColumn(result.now), at: clock.monotonic() };
  }
  let renewing: Promise<void> | undefined;
  function renew(): Promise<void> {
    renewing ??= write(() => renewTick(db, id, leaseMs)).finally(() => {
      renewing = undefined;
    });
    return renewing;
  }
  async function keepAlive(): Promise<void> {
    while (!ended.signal.aborted && !lost.signal.aborted) {
      await clock.sleep(leaseMs / renewalsPerLease, ended.signal);
      // A database that is away for a moment is no reason to stop; `ensure` decides before anything is changed.
      await renew().catch(() => {});
    }
  }

  await write(() => enterTick(db, id, leaseMs));
  keepAlive().catch(() => {});
  return {
    id,
    lost: lost.signal,
    get ticks() {
      return ticks;
    },
    dbNow: () => sync.db + clock.monotonic() - sync.at,
    async ensure(ms) {
      lost.signal.throwIfAborted();
      if (until - clock.monotonic() <= ms) await renew();
      lost.signal.throwIfAborted();
      if (until - clock.monotonic() <= ms) throw new LeaseLost();
    },
    async end() {
      ended.abort();
      await renewing?.catch(() => {});
      if (!lost.signal.aborted) await leaveTick(db, id);
    },
  };
}
