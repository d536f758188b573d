import type { Database } from '../database.ts';
import { ownTables, whmcsTables } from './tables.ts';

/** A right that the user of the database lacks. */
export interface MissingGrant {
  readonly table: string;
  /** Such as `UPDATE (dedicatedip, assignedips, domain)`. */
  readonly right: string;
  /** The statement that gives it. */
  readonly grant: string;
}

interface Probe {
  readonly table: string;
  readonly right: string;
  /** What is granted, if more than this right. */
  readonly grant?: string;
  readonly sql: string;
}

function probesOf(db: Database): Probe[] {
  const own = ownTables(db).flatMap((table): Probe[] => [
    { table, right: 'SELECT', grant: 'ALL', sql: `SELECT 1 FROM ${table} LIMIT 0` },
    { table, right: 'INSERT', grant: 'ALL', sql: `EXPLAIN INSERT INTO ${table} VALUES ()` },
    { table, right: 'DELETE', grant: 'ALL', sql: `EXPLAIN DELETE FROM ${table} WHERE 1 = 0` },
  ]);
  const columns = ['dedicatedip', 'assignedips', 'domain'];
  return [
    ...own,
    {
      table: db.vmTable,
      right: 'UPDATE',
      grant: 'ALL',
      sql: `EXPLAIN UPDATE ${db.vmTable} SET vm_status = vm_status WHERE 1 = 0`,
    },
    ...whmcsTables.map((table): Probe => ({ table, right: 'SELECT', sql: `SELECT 1 FROM ${table} LIMIT 0` })),
    {
      table: 'tblhosting',
      right: `UPDATE (${columns.join(', ')})`,
      sql: `EXPLAIN UPDATE tblhosting SET ${columns.map((column) => `${column} = ''`).join(', ')} WHERE 1 = 0`,
    },
    ...['tblactivitylog', 'tblmodulelog'].map(
      (table): Probe => ({ table, right: 'INSERT', sql: `EXPLAIN INSERT INTO ${table} (date) VALUES ('2000-01-01')` }),
    ),
    { table: 'tblmodulelog', right: 'DELETE', sql: 'EXPLAIN DELETE FROM tblmodulelog WHERE 1 = 0' },
  ];
}

/** Access denied: to the schema, a table, a column, for want of a global right. */
const denied = new Set([1044, 1142, 1143, 1227]);

/**
 * The rights that are missing, found by asking: EXPLAIN needs the rights of its statement and does nothing of it (tried
 * with MariaDB 10.11). So roles, patterns and rights on single columns all count.
 */
export async function missingGrants(db: Database): Promise<MissingGrant[]> {
  if (db.dialect === 'sqlite') return [];
  const connection = await db.knex.client.acquireConnection();
  const ask = (sql: string) => db.knex.raw(sql).connection(connection);
  try {
    const [[who]] = await ask('SELECT CURRENT_USER() AS user, DATABASE() AS place');
    const to = String(who.user).replace(/^(.*)@(.*?)$/, "'$1'@'$2'");
    // In a transaction for reading a server may refuse the statement before it looks at the rights.
    await ask('START TRANSACTION READ WRITE');
    const missing: MissingGrant[] = [];
    for (const { table, right, grant = right, sql } of probesOf(db)) {
      const errno = await ask(sql).then(
        () => undefined,
        (error: unknown) => (error instanceof Error ? Reflect.get(error, 'errno') : undefined),
      );
      if (!denied.has(errno)) continue;
      missing.push({ table, right, grant: `GRANT ${grant} ON \`${who.place}\`.\`${table}\` TO ${to};` });
    }
    await ask('ROLLBACK');
    return missing;
  } finally {
    await db.knex.client.releaseConnection(connection);
  }
}
