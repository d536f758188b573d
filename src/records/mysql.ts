import { connect, type Socket } from 'node:net';
import type { Knex } from 'knex';
import { UsageError } from '../base/errors.ts';
import { silent } from './silent.ts';

/**
 * What every session needs, whatever the server's own settings: errors instead of silently cut values, but WHMCS's zero
 * dates stay writable; own times in UTC; READ COMMITTED, so that a fenced UPDATE sees what other ticks have committed.
 */
const session = [
  // A process that stands still in the middle of a transaction is cut off, or its locks would stop all others.
  "SET SESSION sql_mode='STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION', time_zone='+00:00', wait_timeout=60",
  // The variable behind it is called differently by MySQL 8 and by MariaDB before 11.1; this statement is not.
  'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED',
];

/** The server itself refuses every write: a dry run cannot change anything by mistake. */
const readOnlySession = [...session, 'SET SESSION TRANSACTION READ ONLY'];

interface RawConnection {
  query(sql: string, done: (error: Error | null) => void): void;
}

/** Runs `statements` on a fresh connection, one after the other. */
function prepare([first, ...rest]: readonly string[]) {
  return (connection: RawConnection, done: (error: Error | null, connection: RawConnection) => void) => {
    if (first === undefined) {
      done(null, connection);
      return;
    }
    connection.query(first, (error) => {
      if (error) done(error, connection);
      else prepare(rest)(connection, done);
    });
  };
}

/**
 * A connection on which the server has been silent for `answerMs` counts as lost: one that hangs must not hold a tick for
 * ever. Idle ones are closed by the pool before.
 */
function openSocket(host: string, port: number, answerMs: number): Socket {
  const socket = connect(port, host).setNoDelay(true).setKeepAlive(true);
  const silence = Object.assign(new Error(`no answer within ${answerMs / 1000} s`), { code: 'ETIMEDOUT' });
  return socket.setTimeout(answerMs, () => socket.destroy(silence));
}

export interface MysqlOptions {
  /** Connections at most. */
  readonly connections: number;
  readonly readOnly: boolean;
  readonly answerMs: number;
}

/** Opens a pool on MySQL or MariaDB. Dates come back as text, because mysql2 turns WHMCS's zero dates into garbage. */
export async function openMysql(url: string, { connections, readOnly, answerMs }: MysqlOptions): Promise<Knex> {
  const target = new URL(url);
  if (!/^(mysql|mariadb):$/.test(target.protocol) || target.pathname.length < 2) {
    throw new UsageError(
      `VMCTL_DATABASE_URL: found ${target.protocol}//…, expected mysql://user:password@host:3306/schema or sqlite:path`,
    );
  }
  const host = target.hostname.replace(/^\[|\]$/g, '');
  const port = Number(target.port || 3306);
  const { default: knex } = await import('knex');
  return knex({
    log: silent,
    client: 'mysql2',
    // Else knex asks each server for its version first, which matters only to what is not used here.
    version: 'latest',
    connection: {
      host,
      port,
      stream: () => openSocket(host, port, answerMs),
      user: decodeURIComponent(target.username),
      password: decodeURIComponent(target.password),
      database: decodeURIComponent(target.pathname.slice(1)),
      charset: 'utf8mb4',
      dateStrings: true,
      timezone: 'Z',
      connectTimeout: 10_000,
    },
    pool: { min: 0, max: connections, afterCreate: prepare(readOnly ? readOnlySession : session) },
    acquireConnectionTimeout: 15_000,
  });
}
