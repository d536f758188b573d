import type { Database } from '../database.ts';

/** What a database server says about itself. */
export interface ServerFacts {
  readonly product: 'MariaDB' | 'MySQL' | 'SQLite';
  /** Such as `10.11.6`. */
  readonly version: string;
  /** That of new connections; vmctl's own set theirs. */
  readonly sqlMode: string;
  /** Format of the binary log; undefined where there is none. */
  readonly binlogFormat: string | undefined;
  readonly readOnly: boolean;
}

/** @throws errors of the database */
export async function inspectServer(db: Database): Promise<ServerFacts> {
  if (db.dialect === 'sqlite') {
    const [{ version }] = await db.knex.raw('SELECT sqlite_version() AS version');
    return { product: 'SQLite', version, sqlMode: '', binlogFormat: undefined, readOnly: false };
  }
  const names = ['version', 'sql_mode', 'log_bin', 'binlog_format', 'read_only'];
  // Not as @@variables: an unknown one would be an error, and no version has them all.
  const [rows]: { Variable_name: string; Value: string }[][] = await db.knex.raw(
    `SHOW GLOBAL VARIABLES WHERE Variable_name IN (${names.map(() => '?').join(', ')})`,
    names,
  );
  const values = new Map(rows?.map(({ Variable_name, Value }) => [Variable_name, Value]));
  const version = values.get('version') ?? '';
  return {
    product: /mariadb/i.test(version) ? 'MariaDB' : 'MySQL',
    version: /^\d+(\.\d+)*/.exec(version)?.[0] ?? version,
    sqlMode: values.get('sql_mode') ?? '',
    binlogFormat: values.get('log_bin') === 'ON' ? values.get('binlog_format') : undefined,
    readOnly: /^(ON|1|READ_ONLY.*)$/.test(values.get('read_only') ?? ''),
  };
}
