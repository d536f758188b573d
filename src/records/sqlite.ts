import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Knex } from 'knex';
import { UsageError } from '../base/errors.ts';
import { silent } from './silent.ts';

interface RawConnection {
  pragma(text: string): unknown;
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new UsageError(`the folder ${folder} of the SQLite file cannot be made: ${String(error)}`, {
      cure: 'check the path in VMCTL_DATABASE_URL',
      cause: error,
    });
  }
}

/** Opens (and makes) a SQLite file. One connection a process: SQLite has one writer anyway. */
export async function openSqlite(url: string, readOnly: boolean): Promise<Knex> {
  const filename = url.slice('sqlite:'.length);
  if (filename !== ':memory:') makeFolder(dirname(filename));
  const { default: knex } = await import('knex');
  return knex({
    log: silent,
    client: 'better-sqlite3',
    connection: { filename },
    useNullAsDefault: true,
    pool: {
      min: 1,
      max: 1,
      afterCreate(connection: RawConnection, done: (error: Error | null, connection: RawConnection) => void) {
        connection.pragma('busy_timeout = 10000');
        connection.pragma(readOnly ? 'query_only = ON' : 'journal_mode = WAL');
        done(null, connection);
      },
    },
  });
}
