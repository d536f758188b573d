import type { Knex } from 'knex';
import type { Database } from './database.ts';
import { repeating } from './transaction.ts';
import type { VmRow } from './vm-row.ts';

const addresses = 'mod_vmctl_ip_allocations';
const vmids = 'mod_vmctl_vmid_allocations';

/** Addresses that the ledger holds for a row, lowest text first. */
export async function allocatedAddresses(db: Database, rowId: number): Promise<string[]> {
  const rows = await repeating(db, () =>
    db.knex(addresses).where({ row_id: rowId }).whereNot({ state: 'free' }).orderBy('address').select('address'),
  );
  return rows.map((row: { address: string }) => row.address);
}

/** The allocated addresses of many rows. */
export async function addressesOfRows(db: Database, rowIds: readonly number[]): Promise<Map<number, string[]>> {
  const rows = await repeating<{ row_id: number; address: string }[]>(db, () =>
    db
      .knex(addresses)
      .whereIn('row_id', [...rowIds])
      .where({ state: 'allocated' })
      .orderBy('address')
      .select('row_id', 'address'),
  );
  const found = new Map<number, string[]>();
  for (const { row_id, address } of rows) found.set(Number(row_id), [...(found.get(Number(row_id)) ?? []), address]);
  return found;
}

/** Those of `list` that the ledger gives to another row than `rowId`. */
export async function addressesOfOthers(db: Database, rowId: number, list: readonly string[]): Promise<string[]> {
  const rows = await repeating(db, () =>
    db
      .knex(addresses)
      .whereIn('address', [...list])
      .whereNot({ state: 'free' })
      .andWhere((others) => others.whereNull('row_id').orWhereNot({ row_id: rowId }))
      .select('address'),
  );
  return rows.map((row: { address: string }) => row.address);
}

type Held = Pick<VmRow, 'id' | 'cluster' | 'vm_id' | 'vm_uuid'>;

/**
 * Quarantines what a row holds, addresses and VMID, inside the transaction that ends its claim to them. `extra` are
 * addresses that only WHMCS knew. With `proven`, the VM was seen to be gone and the quarantine's time starts now;
 * without, it starts when a duty has seen that.
 */
export async function quarantine(
  trx: Knex.Transaction,
  db: Database,
  row: Held,
  extra: readonly string[],
  proven: boolean,
): Promise<void> {
  const held = { vm_cluster: row.cluster, vm_id: row.vm_id, vm_uuid: row.vm_uuid };
  const end = { state: 'quarantined', released_at: proven ? db.clock.sql() : null };
  await trx(addresses)
    .where({ row_id: row.id, state: 'allocated' })
    .update({ ...end, ...held });
  for (const address of extra) {
    const taken = { row_id: row.id, ...end, ...held };
    await trx(addresses)
      .insert({ address, ...taken })
      .onConflict('address')
      .ignore();
    await trx(addresses).where({ address, state: 'free' }).update(taken);
  }
  await trx(vmids)
    .where({ row_id: row.id, state: 'allocated' })
    .update({ ...end, vm_uuid: row.vm_uuid });
  if (row.vm_id !== null && row.cluster !== null) {
    const key = { cluster: row.cluster, vmid: row.vm_id };
    const taken = { row_id: row.id, vm_uuid: row.vm_uuid, ...end };
    await trx(vmids)
      .insert({ ...key, ...taken })
      .onConflict(['cluster', 'vmid'])
      .ignore();
    await trx(vmids)
      .where({ ...key, state: 'free' })
      .update(taken);
  }
}
