import type { Database } from './database.ts';
import { whileAlive } from './ticks.ts';
import { repeating, transact } from './transaction.ts';

const table = 'mod_vmctl_slots';

/**
 * Takes one of `places` places named `name`, across all ticks and hosts. False: all are taken. A row that already has
 * one keeps it and gets no second one.
 */
export async function takeSlot(
  db: Database,
  name: string,
  places: number,
  token: string,
  rowId: number,
): Promise<boolean> {
  await makePlaces(db, name, places);
  return transact(db, async (trx) => {
    const mine = await trx(table).where({ name, claim_token: token, row_id: rowId }).update({ row_id: rowId });
    if (mine > 0) return true;
    for (let place = 0; place < places; place += 1) {
      const taken = await whileAlive(db, trx(table).where({ name, place }), token)
        .whereNull('claim_token')
        .update({ claim_token: token, row_id: rowId });
      if (taken === 1) return true;
    }
    return false;
  });
}

/** Each in a transaction of its own: an insert that meets a row keeps a lock on it that another's update would wait for. */
async function makePlaces(db: Database, name: string, places: number): Promise<void> {
  const known = await repeating<{ place: number }[]>(db, () => db.knex(table).where({ name }).select('place'));
  for (let place = 0; place < places; place += 1) {
    if (known.some((row) => row.place === place)) continue;
    await transact(db, (trx) => trx(table).insert({ name, place }).onConflict(['name', 'place']).ignore());
  }
}

/** Gives back every place that a row has. */
export async function freeSlots(db: Database, token: string, rowId: number): Promise<void> {
  await transact(db, (trx) =>
    trx(table).where({ claim_token: token, row_id: rowId }).update({ claim_token: null, row_id: null }),
  );
}
