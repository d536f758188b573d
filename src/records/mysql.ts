import type { Knex } from 'knex';
import { UsageError } from '../base/errors.ts';
import { silent } from './silent.ts';

/**
 * What every session needs, whatever the server's own settings: errors instead of silently cut values, but WHMCS's zero
 * dates stay writable; own times in UTC; READ COMMITTED, so that a fenced UPDATE sees what other ticks have committed.
 */
const session =
  "SET SESSION sql_mode='STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION', time_zone='+00:00', tx_isolation='READ-COMMITTED'";

interface RawConnection {
  query(sql: string, done: (error: (Error & { errno?: number }) | null) => void): void;
}

/** MySQL 8 has no `tx_isolation`, MariaDB before 11.1 no `transaction_isolation`. */
function prepareSession(
  connection: RawConnection,
  done: (error: Error | null, connection: RawConnection) => void,
): void {
  connection.query(session, (error) => {
    if (error?.errno !== 1193) return done(error, connection);
    connection.query(session.replace('tx_isolation', 'transaction_isolation'), (again) => done(again, connection));
  });
}

/** The server itself refuses every write: a dry run cannot change anything by mistake. */
function prepareReadOnly(
  connection: RawConnection,
  done: (error: Error | null, connection: RawConnection) => void,
): void {
  prepareSession(connection, (error) => {
    if (error) return done(error, connection);
    connection.query('SET SESSION TRANSACTION READ ONLY', (refused) => done(refused, connection));
  });
}

/** Opens a pool on MySQL or MariaDB. Dates come back as text, because mysql2 turns WHMCS's zero dates into garbage. */
export async function openMysql(url: string, connections: number, readOnly: boolean): Promise<Knex> {
  const target = new URL(url);
  if (!/^(mysql|mariadb):$/.test(target.protocol) || target.pathname.length < 2) {
    throw new UsageError(
      `VMCTL_DATABASE_URL: found ${target.protocol}//…, expected mysql://user:password@host:3306/schema or sqlite:path`,
    );
  }
  const { default: knex } = await import('knex');
  return knex({
    log: silent,
    client: 'mysql2',
    connection: {
      host: target.hostname.replace(/^\[|\]$/g, ''),
      port: Number(target.port || 3306),
      user: decodeURIComponent(target.username),
      password: decodeURIComponent(target.password),
      database: decodeURIComponent(target.pathname.slice(1)),
      charset: 'utf8mb4',
      dateStrings: true,
      timezone: 'Z',
      connectTimeout: 10_000,
    },
    pool: { min: 0, max: connections, afterCreate: readOnly ? prepareReadOnly : prepareSession },
    acquireConnectionTimeout: 15_000,
  });
}
