import type { Clock } from '../base/clock.ts';
import type { Database } from '../records/database.ts';
import { clockOf } from '../settings/clock-setting.ts';
import { loadSettings } from '../settings/load.ts';
import type { Settings } from '../settings/types.ts';
import type { Typed } from './command.ts';

/** What most commands work with. */
export interface Session {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly db: Database;
}

export function readSettings(typed: Typed): Settings {
  return loadSettings({ env: process.env, cwd: process.cwd(), flags: { config: typed.config } });
}

export interface DatabaseUse {
  /** The server itself refuses every write. */
  readonly readOnly?: boolean;
}

/** Opens the database for `work` and closes it again, whatever happens. */
export async function withDatabase<T>(
  typed: Typed,
  work: (session: Session) => Promise<T>,
  { readOnly }: DatabaseUse = {},
): Promise<T> {
  const settings = readSettings(typed);
  const clock = clockOf(settings.clock);
  const { openDatabase } = await import('../records/database.ts');
  const { explain } = await import('../records/transaction.ts');
  const { databaseUrl: url, vmTable, timeZone } = settings;
  const db = await openDatabase({ url, vmTable, timeZone, readOnly, clock: settings.clock && clock });
  try {
    return await work({ settings, clock, db });
  } catch (error) {
    throw explain(error);
  } finally {
    await db.close();
  }
}

/** The same, after a check that this is the database that vmctl was set up for. */
export function withInstallation<T>(
  typed: Typed,
  work: (session: Session) => Promise<T>,
  use?: DatabaseUse,
): Promise<T> {
  const checked = async (session: Session) => {
    const { checkInstallation } = await import('../records/installation.ts');
    await checkInstallation(session.db);
    return work(session);
  };
  return withDatabase(typed, checked, use);
}
