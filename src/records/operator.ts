import type { Knex } from 'knex';
import type { Database } from './database.ts';
import { quarantine } from './ledger.ts';
import { transact } from './transaction.ts';
import type { VmRow } from './vm-row.ts';

/** `claimed`: a tick that is alive works on the row. `changed`: it is not in the state any more in which it was seen. */
export type OperatorResult = 'done' | 'claimed' | 'changed';

/** No tick that is alive works on the row. Claims of dead ticks do not count. */
function unclaimed(db: Database, query: Knex.QueryBuilder): Knex.QueryBuilder {
  const alive = db.knex('mod_vmctl_ticks').where('alive_until', '>=', db.clock.sql()).select('id');
  return query.andWhere((free) => free.whereNull('claim_token').orWhereNotIn('claim_token', alive));
}

function whyNot(row: VmRow, now: Pick<VmRow, 'vm_status'> | undefined): OperatorResult {
  return now?.vm_status === row.vm_status ? 'claimed' : 'changed';
}

/**
 * Puts a row into a state by hand and clears what its pipeline remembered. `force` takes it from a tick that works on it:
 * that tick's next checkpoint fails. Reset to `remove`, the row's addresses and VMID are quarantined.
 */
export function resetRow(db: Database, row: VmRow, to: string, force: boolean): Promise<OperatorResult> {
  let written = false;
  return transact(db, async (trx) => {
    const query = trx(db.vmTable).where({ id: row.id, vm_status: row.vm_status });
    const hit = await (force ? query : unclaimed(db, query)).update({
      vm_status: to,
      status_message: null,
      status_changed_at: db.clock.sql(),
      updated_at: db.clock.sql(),
      claim_token: null,
      revision: trx.raw('revision + 1'),
      progress: null,
      progress_for: null,
      attempts: 0,
      next_attempt_at: null,
    });
    if (hit === 0) {
      const [now] = await trx<VmRow>(db.vmTable).where({ id: row.id }).select('vm_status');
      return written && now?.vm_status === to ? 'done' : whyNot(row, now);
    }
    if (to === 'remove') await quarantine(trx, db, row, [], false);
    written = true;
    return 'done';
  });
}

/** Deletes a row in one of `states`; its addresses and VMID are quarantined. Touches neither Proxmox nor `tblhosting`. */
export function deleteRow(db: Database, row: VmRow, states: readonly string[]): Promise<OperatorResult> {
  let written = false;
  return transact(db, async (trx) => {
    const query = trx(db.vmTable)
      .where({ id: row.id })
      .whereIn('vm_status', [...states]);
    const hit = await unclaimed(db, query).delete();
    if (hit === 0) {
      const [now] = await trx<VmRow>(db.vmTable).where({ id: row.id }).select('vm_status');
      return written && now === undefined ? 'done' : whyNot(row, now);
    }
    await quarantine(trx, db, row, [], false);
    written = true;
    return 'done';
  });
}

/** What the panel does: writes the state, whoever works on the row. */
export async function requestState(db: Database, row: VmRow, to: string): Promise<void> {
  await transact(db, (trx) =>
    trx(db.vmTable)
      .where({ id: row.id })
      .whereNot({ vm_status: 'remove' })
      .update({ vm_status: to, status_changed_at: db.clock.sql(), updated_at: db.clock.sql() }),
  );
}
