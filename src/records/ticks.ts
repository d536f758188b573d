import { hostname } from 'node:os';
import type { Knex } from 'knex';
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

/** Only while the lease of the tick holds: one that was taken over, and does not know it yet, claims nothing more. */
export function whileAlive(db: Database, query: Knex.QueryBuilder, id: string): Knex.QueryBuilder {
  const alive = db.knex(table).where({ id }).andWhere('alive_until', '>=', db.clock.sql());
  return query.whereExists(alive.select(db.knex.raw('1')));
}

/** Where a tick runs, and since when (UTC text); undefined when it is not on the list. */
export function findTick(
  db: Database,
  id: string,
): Promise<{ host: string; pid: number; started_at: string } | undefined> {
  return repeating(db, () => db.knex(table).where({ id }).first('host', 'pid', 'started_at'));
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
  const [rows] = await Promise.all(
    [db.vmTable, 'mod_vmctl_duties', 'mod_vmctl_slots'].map((claimed) => freeDead(db, claimed)),
  );
  return rows ?? 0;
}

/**
 * The claims are read before the ticks: a tick enters before it claims, so whoever holds a claim and is not on the list
 * that is read afterwards is dead. One statement for both could free what a tick has claimed that entered meanwhile.
 */
async function freeDead(db: Database, claimed: string): Promise<number> {
  const holders = await repeating<{ claim_token: string }[]>(db, () =>
    db.knex(claimed).whereNotNull('claim_token').distinct('claim_token'),
  );
  if (holders.length === 0) return 0;
  const alive = await repeating<{ id: string }[]>(db, () => db.knex(table).select('id'));
  const dead = holders.map((row) => row.claim_token).filter((token) => !alive.some(({ id }) => id === token));
  if (dead.length === 0) return 0;
  return transact(db, (trx) => trx(claimed).whereIn('claim_token', dead).update({ claim_token: null }));
}
