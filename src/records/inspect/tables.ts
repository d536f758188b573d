import { migrations } from '../../../migrations/index.ts';
import type { Database } from '../database.ts';

/** Tables of WHMCS that vmctl reads or writes. */
export const whmcsTables = [
  'tblhosting',
  'tblproducts',
  'tblhostingconfigoptions',
  'tblproductconfigoptions',
  'tblproductconfigoptionssub',
  'tblservers',
  'tblactivitylog',
  'tblmodulelog',
] as const;

export interface TableFacts {
  readonly name: string;
  readonly owner: 'vmctl' | 'whmcs';
  readonly engine: string;
  /** Of its text, such as `utf8mb4_unicode_ci`. */
  readonly collation: string;
}

/** The tables that vmctl makes. */
export function ownTables(db: Pick<Database, 'vmTable'>): string[] {
  return migrations(db.vmTable).flatMap(({ tables }) => tables);
}

/** Those of vmctl's and WHMCS's tables that are there and that this user may see; none on SQLite. */
export async function inspectTables(db: Database): Promise<TableFacts[]> {
  if (db.dialect === 'sqlite') return [];
  const own = new Set(ownTables(db));
  const [rows]: { name: string; engine: string | null; collation: string | null }[][] = await db.knex.raw(
    'SELECT table_name AS name, engine AS engine, table_collation AS collation FROM information_schema.tables ' +
      `WHERE table_schema = DATABASE() AND table_name IN (${[...own, ...whmcsTables].map(() => '?').join(', ')}) ORDER BY table_name`,
    [...own, ...whmcsTables],
  );
  return (rows ?? []).map(({ name, engine, collation }) => ({
    name,
    owner: own.has(name) ? 'vmctl' : 'whmcs',
    engine: engine ?? 'unknown',
    collation: collation ?? 'unknown',
  }));
}

/** Dates of the newest entries of the Activity Log that WHMCS itself wrote, as their text; none where there is no such table. */
export async function newestActivityDates(db: Database): Promise<string[]> {
  if (!(await db.knex.schema.hasTable('tblactivitylog'))) return [];
  // By the key alone: the table may hold millions of entries and has no index on its date.
  const rows: { date: string; user: string }[] = await db
    .knex('tblactivitylog')
    .orderBy('id', 'desc')
    .limit(50)
    .select('date', 'user');
  return rows.filter(({ user }) => user !== 'vmctl').map(({ date }) => date);
}
