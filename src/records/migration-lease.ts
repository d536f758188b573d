import { randomUUID } from 'node:crypto';
import type { Database } from './database.ts';
import { repeating, transact } from './transaction.ts';

const table = 'mod_vmctl_migrations_lease';
const leaseMs = 60_000;
const renewMs = 15_000;
const pollMs = 500;

/**
 * Runs `work` while no other process migrates this database: the others wait. A process that was killed while it held the
 * lease blocks them until it has run out, and no longer.
 */
export async function exclusively<T>(db: Database, work: () => Promise<T>): Promise<T> {
  await makeLease(db);
  const holder = randomUUID();
  while (!(await takeLease(db, holder))) await db.hostClock.sleep(pollMs);
  const ended = new AbortController();
  const renewing = renew(db, holder, ended.signal).catch(() => {});
  try {
    return await work();
  } finally {
    ended.abort();
    await renewing;
    await transact(db, (trx) => trx(table).where({ fixed: 1, holder }).update({ holder: null, held_until: null }));
  }
}

async function makeLease(db: Database): Promise<void> {
  const options = db.dialect === 'mysql' ? ' ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci' : '';
  const columns = 'fixed INT NOT NULL PRIMARY KEY, holder CHAR(36), held_until DATETIME(3)';
  await repeating(db, () => db.knex.raw(`CREATE TABLE IF NOT EXISTS ${table} (${columns})${options}`));
  await transact(db, (trx) => trx(table).insert({ fixed: 1 }).onConflict('fixed').ignore());
}

async function takeLease(db: Database, holder: string): Promise<boolean> {
  const taken = await transact(db, (trx) =>
    trx(table)
      .where({ fixed: 1 })
      .andWhere((free) => free.whereNull('holder').orWhere({ holder }).orWhere('held_until', '<', db.clock.sql()))
      .update({ holder, held_until: db.clock.sql(leaseMs) }),
  );
  return taken === 1;
}

async function renew(db: Database, holder: string, ended: AbortSignal): Promise<void> {
  while (!ended.aborted) {
    await db.hostClock.sleep(renewMs, ended);
    await transact(db, (trx) =>
      trx(table)
        .where({ fixed: 1, holder })
        .update({ held_until: db.clock.sql(leaseMs) }),
    );
  }
}
