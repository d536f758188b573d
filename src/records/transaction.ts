import type { Knex } from 'knex';
import { UnreachableError, UsageError } from '../base/errors.ts';
import type { Database } from './database.ts';

/** How often a transaction is run again before its error is reported. */
const attempts = 6;

/** Record changed since last read, lock wait timeout, deadlock (Galera: also at COMMIT), node not ready. */
const repeatable = new Set([1020, 1205, 1213, 1047]);
const lostConnection = new Set([
  'PROTOCOL_CONNECTION_LOST',
  'ECONNRESET',
  'EPIPE',
  'ECONNREFUSED',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

function codes(error: unknown): { errno: unknown; code: unknown } {
  if (typeof error !== 'object' || error === null) return { errno: undefined, code: undefined };
  return { errno: Reflect.get(error, 'errno'), code: Reflect.get(error, 'code') };
}

/** Whether the connection, not the statement, was the problem. */
export function isConnectionError(error: unknown): boolean {
  const { errno, code } = codes(error);
  if (errno === 1047 || errno === 1053 || errno === 1152 || errno === 1927 || errno === 2006 || errno === 2013)
    return true;
  if (typeof code === 'string' && lostConnection.has(code)) return true;
  return (
    error instanceof Error &&
    /Timeout acquiring a connection|closed state|Connection lost|server has gone away/.test(error.message)
  );
}

function isRepeatable(error: unknown): boolean {
  const { errno, code } = codes(error);
  return (
    (typeof errno === 'number' && repeatable.has(errno)) ||
    (typeof code === 'string' && code.startsWith('SQLITE_BUSY')) ||
    isConnectionError(error)
  );
}

/**
 * Runs `body` again when the database asked for it: deadlocks, certification conflicts, a lost connection. So `body` must
 * see from the data whether an earlier run had worked.
 * @throws UnreachableError when the connection stays lost.
 */
export async function repeating<T>(db: Database, body: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await body();
    } catch (error) {
      if (attempt < attempts && isRepeatable(error)) {
        await db.hostClock.sleep(2 ** attempt * 10);
        continue;
      }
      throw explain(error);
    }
  }
}

/** The one transaction rule: nothing is awaited in `body` but SQL, and its first statement is a write. */
export function transact<T>(db: Database, body: (trx: Knex.Transaction) => Promise<T>): Promise<T> {
  return repeating(db, () => db.knex.transaction(body));
}

function unreachable(error: unknown): UnreachableError {
  const reason = error instanceof Error ? error.message || String(codes(error).code) : String(error);
  return new UnreachableError(`the database is not reachable: ${reason}`, {
    cure: 'check VMCTL_DATABASE_URL and that the server is running and lets this host in',
    cause: error,
  });
}

/** A database error as the operator should read it; anything that is not about reaching the database comes back as it is. */
export function explain(error: unknown): unknown {
  if (isConnectionError(error)) return unreachable(error);
  const { errno } = codes(error);
  if (errno === 1044 || errno === 1045 || errno === 1049 || errno === 1698 || errno === 1142) {
    return new UsageError(`the database refuses: ${error instanceof Error ? error.message : ''}`, {
      cure: 'check user, password and schema in VMCTL_DATABASE_URL, and the grants of that user (docs/installation.md)',
      cause: error,
    });
  }
  if (errno === 1146 || (error instanceof Error && /no such table/.test(error.message))) {
    return new UsageError('the tables of vmctl are missing in this database', {
      cure: 'run: vmctl db migrate',
      cause: error,
    });
  }
  return error;
}
