import { randomUUID } from 'node:crypto';
import type { Knex } from 'knex';
import { type Migration, migrations } from '../../migrations/index.ts';
import { RefusedError } from '../base/errors.ts';
import type { Database } from './database.ts';
import { storeInstallation } from './installation.ts';
import { transact } from './transaction.ts';

const tableName = 'mod_vmctl_migrations';
const leaseTable = 'mod_vmctl_migrations_lease';
const leaseMs = 60_000;

/** knex's view of our list of migrations. */
function source(vmTable: string): Knex.MigrationSource<Migration> {
  const list = migrations(vmTable);
  return {
    getMigrations: async () => [...list],
    getMigrationName: (migration) => migration.name,
    getMigration: async (migration) => ({
      up: (knex) => migration.up(knex),
      down: async (knex) => {
        for (const table of migration.tables) await knex.schema.dropTableIfExists(table);
      },
    }),
  };
}

function config(db: Database): Knex.MigratorConfig {
  return { migrationSource: source(db.vmTable), tableName };
}

async function takeLease(db: Database, holder: string): Promise<boolean> {
  const taken = await transact(db, (trx) =>
    trx(leaseTable)
      .where({ fixed: 1 })
      .andWhere((free) => free.whereNull('holder').orWhere('held_until', '<', db.clock.sql()))
      .update({ holder, held_until: db.clock.sql(leaseMs) }),
  );
  return taken === 1;
}

/**
 * Runs `work` while no other process migrates this database. knex's own lock cannot do this: two first runs at once leave
 * it with two rows and unusable for good, and a kill leaves it set; so it is set free by whoever holds the lease.
 */
async function exclusively<T>(db: Database, work: () => Promise<T>): Promise<T> {
  const { knex } = db;
  await knex.raw(
    `CREATE TABLE IF NOT EXISTS ${leaseTable} (fixed INT NOT NULL PRIMARY KEY, holder CHAR(36), held_until DATETIME(3))` +
      (db.dialect === 'mysql' ? ' ENGINE=InnoDB DEFAULT CHARSET=utf8mb4' : ''),
  );
  await transact(db, (trx) => trx(leaseTable).insert({ fixed: 1 }).onConflict('fixed').ignore());
  const holder = randomUUID();
  while (!(await takeLease(db, holder))) await db.hostClock.sleep(500);
  try {
    if (await knex.schema.hasTable(`${tableName}_lock`)) await knex.migrate.forceFreeMigrationsLock(config(db));
    return await work();
  } finally {
    await transact(db, (trx) => trx(leaseTable).where({ fixed: 1, holder }).update({ holder: null, held_until: null }));
  }
}

/**
 * Brings the schema up to date and stores which database this is. Safe to run twice, from two hosts at once on an empty
 * database, and after a kill at any point.
 * @returns the names of the migrations that were run.
 */
export function migrate(db: Database): Promise<string[]> {
  return exclusively(db, async () => {
    const [, names] = await db.knex.migrate.latest(config(db));
    await storeInstallation(db);
    return names.map((migration: Migration | string) => (typeof migration === 'string' ? migration : migration.name));
  });
}

/** What has been run and what has not. */
export async function migrationStatus(db: Database): Promise<{ done: string[]; pending: string[] }> {
  const known = migrations(db.vmTable).map(({ name }) => name);
  const rows = (await db.knex.schema.hasTable(tableName)) ? await db.knex(tableName).select('name') : [];
  const done = new Set<string>(rows.map((row: { name: string }) => row.name));
  return { done: known.filter((name) => done.has(name)), pending: known.filter((name) => !done.has(name)) };
}

/**
 * Undoes the last batch of migrations by dropping its tables.
 * @throws RefusedError when a table that would be dropped holds rows and `force` is not set.
 */
export function rollback(db: Database, force: boolean): Promise<string[]> {
  return exclusively(db, async () => {
    if (!force) await refuseToDropRows(db);
    const [, names] = await db.knex.migrate.rollback(config(db));
    return names.map((migration: Migration | string) => (typeof migration === 'string' ? migration : migration.name));
  });
}

async function refuseToDropRows(db: Database): Promise<void> {
  // The installation's own row is always there and worth nothing without the others.
  for (const table of migrations(db.vmTable).flatMap(({ tables }) => tables)) {
    if (table === 'mod_vmctl_installation' || !(await db.knex.schema.hasTable(table))) continue;
    const [row] = await db.knex(table).select(db.knex.raw('1 AS one')).limit(1);
    if (row) {
      throw new RefusedError(`rolling back would drop the table ${table}, which holds rows`, {
        cure: 'make a backup of the database, then repeat with --force',
      });
    }
  }
}
