import { randomUUID } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import { RefusedError } from '../base/errors.ts';
import type { Database } from '../records/database.ts';
import { fromColumn } from '../records/database-clock.ts';
import { enterTick, leaveTick, renewTick, type TickState } from '../records/ticks.ts';

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
   * Makes sure that the lease outlives the next `ms`, renewing it if it does not. 0: that it still holds.
   * @throws LeaseLost; UnreachableError where the database cannot be asked.
   */
  ensure(ms: number): Promise<void>;
  /** False when it may have run out. What must not wait for an answer of the database is left undone then. */
  holds(): boolean;
  /** `leave` gives everything that the tick still holds to others at once; without, when the lease has run out. */
  end(leave: boolean): Promise<void>;
}

/** Another tick may be working on this tick's rows: nothing more may be changed, neither here nor there. */
export class LeaseLost extends RefusedError {
  override name = 'LeaseLost';
  constructor() {
    super('the lease of this tick has run out: it stood still, or the database did not answer, for too long', {
      cure: 'nothing is lost, the next tick takes its rows over; if it happens again, see what stops this host or the database (CLAIM_LEASE_SECONDS)',
    });
  }
}

export async function beginLease(db: Database, clock: Clock, leaseMs: number): Promise<Lease> {
  const id = randomUUID();
  const lost = new AbortController();
  const ended = new AbortController();
  const over = AbortSignal.any([lost.signal, ended.signal]);
  let ticks = 1;
  let renewed = { at: Number.NEGATIVE_INFINITY, wall: 0 };
  let sync = { db: 0, at: 0 };

  function lose(): LeaseLost {
    const error = new LeaseLost();
    lost.abort(error);
    return error;
  }
  // Counted from before the statement was sent: the lease is never believed to last longer than the database says.
  async function write(statement: () => Promise<TickState>): Promise<void> {
    const sent = { at: clock.monotonic(), wall: clock.now() };
    const result = await statement();
    if (!result.alive) throw lose();
    ticks = result.ticks;
    if (sent.at > renewed.at) renewed = sent;
    sync = { db: fromColumn(result.now), at: clock.monotonic() };
  }
  const renew = () => write(() => renewTick(db, id, leaseMs));
  const left = () => leaseMs - (clock.monotonic() - renewed.at);
  /** Some systems stop the monotonic clock while they are suspended, but not the wall's. */
  const certain = () => Math.min(left(), leaseMs - (clock.now() - renewed.wall));

  async function keepAlive(): Promise<void> {
    while (!over.aborted) {
      await clock.sleep(leaseMs / renewalsPerLease, over);
      // Not awaited: one that hangs does not keep the next from being tried, on another connection.
      // A database that is away for a moment is no reason to stop; `ensure` decides before anything is changed.
      renew().catch(() => {});
    }
  }
  async function expire(): Promise<void> {
    while (left() > 0) await clock.sleep(left(), over);
    lose();
  }

  await write(() => enterTick(db, id, leaseMs));
  keepAlive().catch(() => {});
  expire().catch(() => {});
  return {
    id,
    lost: lost.signal,
    get ticks() {
      return ticks;
    },
    dbNow: () => sync.db + clock.monotonic() - sync.at,
    holds: () => !lost.signal.aborted && certain() > 0,
    async ensure(ms) {
      lost.signal.throwIfAborted();
      if (certain() <= ms) await unlessAborted(renew(), lost.signal);
      if (certain() <= ms) throw lose();
    },
    async end(leave) {
      ended.abort();
      if (leave && !lost.signal.aborted) await leaveTick(db, id);
    },
  };
}

/** Waits no longer than until `signal` aborts. @throws its reason. */
async function unlessAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  const waiting = new AbortController();
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { signal: waiting.signal });
  });
  try {
    await Promise.race([work, aborted]);
    signal.throwIfAborted();
  } finally {
    waiting.abort();
  }
}
