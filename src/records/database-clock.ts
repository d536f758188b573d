import type { Knex } from 'knex';
import type { Clock } from '../base/clock.ts';

/**
 * The clock that leases, `next_attempt_at` and TTLs are compared on. It is the database's, because the hosts that share
 * one database do not agree on the time.
 */
export interface DatabaseClock {
  /** SQL for the present moment plus `offsetMs`, in the form of own DATETIME(3) columns (UTC). */
  sql(offsetMs?: number): Knex.Raw;
}

/** Milliseconds since the epoch as the text of an own column, `2026-04-18 01:36:08.123`. */
function toColumn(ms: number): string {
  return new Date(ms).toISOString().replace('T', ' ').replace('Z', '');
}

/** The text of an own column as milliseconds since the epoch. */
export function fromColumn(text: string): number {
  return Date.parse(`${text.replace(' ', 'T')}Z`);
}

/** The present on the database's clock plus `offsetMs`, ms since the epoch, read over `knex` (a transaction, perhaps). */
export async function readNow(knex: Knex, clock: DatabaseClock, offsetMs = 0): Promise<number> {
  const row = await knex.first({ now: clock.sql(offsetMs) });
  return fromColumn(row.now);
}

export function serverClock(knex: Knex, dialect: 'mysql' | 'sqlite'): DatabaseClock {
  if (dialect === 'sqlite') {
    const format = "strftime('%Y-%m-%d %H:%M:%f', 'now', ?)";
    return { sql: (offsetMs = 0) => knex.raw(format, [`${offsetMs / 1000} seconds`]) };
  }
  return {
    sql: (offsetMs = 0) =>
      offsetMs === 0
        ? knex.raw('UTC_TIMESTAMP(3)')
        : knex.raw('DATE_ADD(UTC_TIMESTAMP(3), INTERVAL ? MICROSECOND)', [Math.round(offsetMs * 1000)]),
  };
}

/** Takes the time from `clock` instead of the server, so that a simulation can turn it. */
export function literalClock(knex: Knex, clock: Clock): DatabaseClock {
  return { sql: (offsetMs = 0) => knex.raw('?', [toColumn(clock.now() + offsetMs)]) };
}
