import { quarantine } from '../../records/ledger.ts';
import { identityColumns } from '../../records/vm-row.ts';
import { clearService } from '../../records/whmcs.ts';
import type { StepContext } from '../context.ts';
import type { Outcome } from '../pipeline.ts';
import { addressesOf } from '../vm-addresses.ts';

const pollMs = 500;

/**
 * Clears what told of the VM, after it was proven gone: WHMCS's fields of the service and the row's identity. Addresses
 * and VMID are quarantined, not free: a duty frees them when their time has passed and another look finds nothing.
 */
export async function cleanRecords({ row, db, dbNow, takeSlot }: StepContext): Promise<Outcome> {
  const seen = await addressesOf(db, row);
  // Of two rows of one service that end at the same time, each would leave its fields to the other: one after the other.
  if (seen.shared && !(await takeSlot(`service:${row.service_id}`, 1))) {
    return { kind: 'wait', wait: { for: 'slot', since: new Date(dbNow()).toISOString() }, pollMs };
  }
  const { unlisted, service } = seen.shared ? await addressesOf(db, row) : seen;
  const held = { id: row.id, cluster: row.cluster, vm_id: row.vm_id, vm_uuid: row.vm_uuid };
  return {
    kind: 'done',
    learned: Object.fromEntries(identityColumns.map((column) => [column, null])),
    async also(trx) {
      await quarantine(trx, db, held, unlisted, true);
      if (service) await clearService(trx, service.id);
    },
  };
}
