import type { Database } from './database.ts';
import { transact } from './transaction.ts';

const table = 'mod_vmctl_slots';

/**
 * Takes one of `places` places named `name`, across all ticks and hosts. False: all are taken. A row that already has
 * one keeps it, also after a takeover.
 */
export function takeSlot(db: Database, name: string, places: number, token: string, rowId: number): Promise<boolean> {
  return transact(db, async (trx) => {
    for (let place = 0; place < places; place += 1) {
      await trx(table).insert({ name, place }).onConflict(['name', 'place']).ignore();
      const taken = await trx(table)
        .where({ name, place })
        .andWhere((free) => free.whereNull('claim_token').orWhere({ claim_token: token, row_id: rowId }))
        .update({ claim_token: token, row_id: rowId });
      if (taken === 1) return true;
      const [mine] = await trx(table).where({ name, place, claim_token: token, row_id: rowId }).select('place');
      if (mine) return true;
    }
    return false;
  });
}

/** Gives back every place that a row has. */
export async function freeSlots(db: Database, token: string, rowId: number): Promise<void> {
  await transact(db, (trx) =>
    trx(table).where({ claim_token: token, row_id: rowId }).update({ claim_token: null, row_id: null }),
  );
}
