import { hostname } from 'node:os';
import type { Database } from './database.ts';
import { repeating, transact } from './transaction.ts';

const table = 'mod_vmctl_ticks';

/** Enters a tick among the living, for `leaseMs` from now. */
export async function enterTick(db: Database, id: string, leaseMs: number): Promise<void> {
  const row = { id, host: hostname(), pid: process.pid, started_at: db.clock.sql(), alive_until: db.clock.sql(leaseMs) };
  await repeating(db, () => db.knex(table).insert(row).onConflict('id').ignore());
}

/**
 * Renews the lease of a tick. False: another tick has taken over, or may at any moment; this one must change nothing any
 * more. Also counts the ticks that are alive, for the limits that they share.
 */
export async function renewTick(db: Database, id: string, leaseMs: number): Promise<{ alive: boolean; ticks: number }> {
  const renewed = await repeating(db, () =>
    db.knex(table).where({ id }).andWhere('alive_until', '>=', db.clock.sql()).update({ alive_until: db.clock.sql(leaseMs) }),
  );
  if (renewed === 0 && !(await isAlive(db, id))) return { alive: false, ticks: 0 };
  const [row] = await db.knex(table).where('alive_until', '>=', db.clock.sql()).count({ n: '*' });
  return { alive: true, ticks: Number(row?.n ?? 1) };
}

/** MySQL counts a row that already had the value as not changed. */
async function isAlive(db: Database, id: string): Promise<boolean> {
  const rows = await db.knex(table).where({ id }).andWhere('alive_until', '>=', db.clock.sql()).select('id');
  return rows.length === 1;
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
