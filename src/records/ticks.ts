import { hostname } from 'node:os';
import type { Database } from './database.ts';
import { repeating, transact } from './transaction.ts';

const table = 'mod_vmctl_ticks';

/** What the database says of a tick: whether its lease holds, how many ticks are alive, and what time it is (UTC text). */
export interface TickState {
  readonly alive: boolean;
  readonly ticks: number;
  readonly now: string;
}

async function stateOf(db: Database, id: string): Promise<TickState> {
  const rows = await repeating(db, () =>
    db.knex(table).where('alive_until', '>=', db.clock.sql()).select('id', { now: db.clock.sql() }),
  );
  return { alive: rows.some((row) => row.id === id), ticks: rows.length, now: rows[0]?.now ?? '' };
}

/** Enters a tick among the living, for `leaseMs` from now. */
export async function enterTick(db: Database, id: string, leaseMs: number): Promise<TickState> {
  const row = {
    id,
    host: hostname(),
    pid: process.pid,
    started_at: db.clock.sql(),
    alive_until: db.clock.sql(leaseMs),
  };
  await repeating(db, () => db.knex(table).insert(row).onConflict('id').ignore());
  return stateOf(db, id);
}

/** Renews the lease of a tick, if it still holds: one that has run out may have been taken over. */
export async function renewTick(db: Database, id: string, leaseMs: number): Promise<TickState> {
  await repeating(db, () =>
    db
      .knex(table)
      .where({ id })
      .andWhere('alive_until', '>=', db.clock.sql())
      .update({ alive_until: db.clock.sql(leaseMs) }),
  );
  return stateOf(db, id);
}

/** Takes a tick off the list. Its claims must have been released; what it still holds falls to others at once. */
export async function leaveTick(db: Database, id: string): Promise<void> {
  await repeating(db, () => db.knex(table).where({ id }).delete());
}

/**
 * Takes over from ticks whose lease has run out: their rows in the list go first, so that their own renewal fails, then
 * every claim, duty and slot of a tick that is not alive is set free. Returns how many VM rows came free.
 */
export async function takeOver(db: Database): Promise<number> {
  await transact(db, (trx) => trx(table).where('alive_until', '<', db.clock.sql()).delete());
  const alive = db.knex(table).select('id');
  const [rows] = await Promise.all(
    [db.vmTable, 'mod_vmctl_duties', 'mod_vmctl_slots'].map((claimed) =>
      transact(db, (trx) =>
        trx(claimed).whereNotNull('claim_token').whereNotIn('claim_token', alive.clone()).update({ claim_token: null }),
      ),
    ),
  );
  return rows ?? 0;
}
