import type { Knex } from 'knex';
import { type Clock, systemClock } from '../base/clock.ts';
import { type DatabaseClock, literalClock, serverClock } from './database-clock.ts';
import { openMysql } from './mysql.ts';
import { openSqlite } from './sqlite.ts';

export type Dialect = 'mysql' | 'sqlite';

/** One open database with what every query needs: the connection pool, the clock that leases are compared on, and names. */
export interface Database {
  readonly knex: Knex;
  readonly dialect: Dialect;
  readonly clock: DatabaseClock;
  /** What a repeated transaction waits on. */
  readonly hostClock: Clock;
  /** Name of the VM table (VM_TABLE). */
  readonly vmTable: string;
  /**
   * One more connection, for what must be written outside the transaction that is open. It has a pool of its own: taken
   * from the common one, transactions that fill it would wait for each other for ever.
   */
  aside(): Promise<Knex>;
  /** IANA zone of the text written into WHMCS's date columns. */
  readonly timeZone: string;
  close(): Promise<void>;
}

export interface DatabaseOptions {
  /** `mysql://user:pass@host:3306/schema` or `sqlite:path`. */
  readonly url: string;
  readonly vmTable: string;
  readonly timeZone: string;
  /** The server refuses every write. */
  readonly readOnly?: boolean | undefined;
  /** How long the server may be silent before a connection counts as lost. Default: longer than it waits for a lock. */
  readonly answerMs?: number | undefined;
  /** Replaces the server's clock: simulations, the demo and time-scaled tests. */
  readonly clock?: Clock | undefined;
}

/**
 * Opens the database. Connects lazily: the first query does it.
 * @throws UsageError for a URL of another kind.
 */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const { readOnly = false, answerMs = 60_000 } = options;
  const dialect: Dialect = options.url.startsWith('sqlite:') ? 'sqlite' : 'mysql';
  const knex =
    dialect === 'sqlite'
      ? await openSqlite(options.url, readOnly)
      : await openMysql(options.url, { connections: 10, readOnly, answerMs });
  const clock = options.clock ? literalClock(knex, options.clock) : serverClock(knex, dialect);
  let aside: Promise<Knex> | undefined;
  return {
    knex,
    aside() {
      aside ??=
        dialect === 'sqlite' ? Promise.resolve(knex) : openMysql(options.url, { connections: 1, readOnly, answerMs });
      return aside;
    },
    dialect,
    clock,
    hostClock: options.clock ?? systemClock,
    vmTable: options.vmTable,
    timeZone: options.timeZone,
    async close() {
      await knex.destroy();
      if (aside && dialect === 'mysql') await (await aside).destroy();
    },
  };
}
