import type { Knex } from 'knex';
import { localTime } from '../base/local-time.ts';
import { redact } from '../base/redact.ts';
import { basicPlane } from './basic-plane.ts';
import type { Database } from './database.ts';
import { fromColumn, readNow } from './database-clock.ts';
import { whmcsSchema } from './whmcs.ts';

export interface ActivityEntry {
  readonly description: string;
  /** The client's id, 0 for none. */
  readonly clientId: number;
  /** When the attempt began that this entry tells of, ISO 8601. */
  readonly attemptStartedAt: string;
}

/**
 * The lowest local time between two moments. Where the clocks were put back in between, that is less than the first one's.
 */
function earliestText(from: number, to: number, timeZone: string): string {
  const shown = (ms: number) => fromColumn(localTime(ms, timeZone));
  const putBack = to - from - (shown(to) - shown(from));
  // Shown to the second: below a minute it is no change of the clocks.
  return localTime(shown(from) - (putBack > 60_000 ? putBack : 0), 'UTC');
}

/**
 * Writes the one entry of an attempt into the client's Activity Log. Where the table is InnoDB it is part of `trx`, which
 * ends the attempt. MyISAM knows no rollback and may not be mixed in under an enforced GTID: there it is written on a
 * second connection just before the COMMIT, and only if this attempt's entry is not there yet.
 */
export async function writeActivity(trx: Knex.Transaction, db: Database, entry: ActivityEntry): Promise<void> {
  const { activity } = await whmcsSchema(db);
  if (!activity) return;
  const knex = activity.transactional ? trx : await db.aside();
  const text = redact(entry.description);
  const description = activity.unicode ? basicPlane(text) : text.replace(/[^\x20-\x7e]/gu, '?');
  const at = await readNow(knex, db.clock);
  const row: Record<string, string | number> = {
    date: localTime(at, db.timeZone),
    description,
    user: 'vmctl',
    userid: entry.clientId,
    ipaddr: '127.0.0.1',
  };
  for (const column of ['user_id', 'admin_id']) if (activity.columns.has(column)) row[column] = 0;
  if (!activity.transactional) {
    const [written] = await knex('tblactivitylog')
      .where({ userid: entry.clientId, description })
      .andWhere('date', '>=', earliestText(Date.parse(entry.attemptStartedAt), at, db.timeZone))
      .select('id');
    if (written) return;
  }
  await knex('tblactivitylog').insert(row);
}
