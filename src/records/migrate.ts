import type { Knex } from 'knex';
import { isForeign } from '../../migrations/003_vm_info.ts';
import { type Migration, migrations } from '../../migrations/index.ts';
import { makeTable } from '../../migrations/table.ts';
import { RefusedError } from '../base/errors.ts';
import type { Database } from './database.ts';
import { storeInstallation } from './installation.ts';
import { exclusively } from './migration-lease.ts';

const tableName = 'mod_vmctl_migrations';

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

function namesOf(list: readonly (Migration | string)[]): string[] {
  return list.map((migration) => (typeof migration === 'string' ? migration : migration.name));
}

/**
 * knex's own two tables, which it would make with the server's default engine. Its lock stays set after a kill and is
 * broken for good by two first runs at once: ours stands before it, and whoever holds that sets knex's free.
 */
async function prepareKnex(db: Database): Promise<void> {
  await makeTable(db.knex, tableName, (t) => {
    t.increments();
    t.string('name');
    t.integer('batch');
    t.timestamp('migration_time');
  });
  await makeTable(db.knex, `${tableName}_lock`, (t) => {
    t.increments('index').primary();
    t.integer('is_locked');
  });
  await db.knex.migrate.forceFreeMigrationsLock(config(db));
}

/**
 * Brings the schema up to date and stores which database this is. Safe to run twice, from two hosts at once on an empty
 * database, and after a kill at any point.
 * @returns the names of the migrations that were run.
 */
export function migrate(db: Database): Promise<string[]> {
  return exclusively(db, async () => {
    await prepareKnex(db);
    const [, ran] = await db.knex.migrate.latest(config(db));
    const { pending } = await migrationStatus(db);
    // Recorded as run, but its table is gone: a rollback that was killed, another VM_TABLE.
    for (const migration of migrations(db.vmTable)) if (pending.includes(migration.name)) await migration.up(db.knex);
    await storeInstallation(db);
    return [...namesOf(ran), ...pending];
  });
}

/** What has been run and what has not; one whose table is missing has not. */
export async function migrationStatus(db: Database): Promise<{ done: string[]; pending: string[] }> {
  const { knex } = db;
  const rows = (await knex.schema.hasTable(tableName)) ? await knex(tableName).select('name') : [];
  const recorded = new Set<string>(rows.map((row: { name: string }) => row.name));
  const done: string[] = [];
  const pending: string[] = [];
  for (const { name, tables } of migrations(db.vmTable)) {
    const there = await Promise.all(tables.map((table) => knex.schema.hasTable(table)));
    (recorded.has(name) && there.every(Boolean) ? done : pending).push(name);
  }
  return { done, pending };
}

/**
 * Undoes the last batch of migrations by dropping its tables.
 * @throws RefusedError when a table that would be dropped was not made by vmctl, or holds rows and `force` is not set.
 */
export function rollback(db: Database, force: boolean): Promise<string[]> {
  return exclusively(db, async () => {
    await prepareKnex(db);
    if (await isForeign(db.knex, db.vmTable)) {
      throw new RefusedError(`the table ${db.vmTable} was not made by vmctl`, {
        cure: "set VM_TABLE to the name of vmctl's own VM table",
      });
    }
    if (!force) await refuseToDropRows(db);
    const [, names] = await db.knex.migrate.rollback(config(db));
    return namesOf(names);
  });
}

async function refuseToDropRows({ knex, vmTable }: Database): Promise<void> {
  const last = knex(tableName).max('batch');
  const batch: string[] = await knex(tableName).where({ batch: last }).pluck('name');
  // The installation's own row is always there and worth nothing without the others.
  for (const table of migrations(vmTable).flatMap(({ name, tables }) => (batch.includes(name) ? tables : []))) {
    if (table === 'mod_vmctl_installation' || !(await knex.schema.hasTable(table))) continue;
    const [row] = await knex(table).select(knex.raw('1 AS one')).limit(1);
    if (row) {
      throw new RefusedError(`rolling back would drop the table ${table}, which holds rows`, {
        cure: 'make a backup of the database, then repeat with --force',
      });
    }
  }
}
