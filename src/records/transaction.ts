import type { Knex } from 'knex';
import type { Database } from './database.ts';
import { codes, explain, isConnectionError } from './explain.ts';

export { explain, isConnectionError };

/** How often a transaction is run again before its error is reported. */
const attempts = 6;

/** Record changed since last read, lock wait timeout, deadlock (Galera: also at COMMIT), node not ready. */
const repeatable = new Set([1020, 1205, 1213, 1047]);

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
