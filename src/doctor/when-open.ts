import type { Database } from '../records/database.ts';
import type { DoctorContext } from './context.ts';
import type { Observation } from './finding.ts';

/** Asks the database, if it can be opened: the check `database` tells if it cannot, and once is enough. */
export async function whenOpen(
  context: DoctorContext,
  ask: (db: Database) => Promise<Observation[]>,
): Promise<Observation[]> {
  const db = await context.database().catch(() => undefined);
  return db === undefined ? [] : ask(db);
}
