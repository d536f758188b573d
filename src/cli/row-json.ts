import type { Database } from '../records/database.ts';
import { addressesOfRows } from '../records/ledger.ts';
import type { VmRow } from '../records/vm-row.ts';
import { servicesOf, writtenAddresses } from '../records/whmcs.ts';

export type RowWithAddresses = VmRow & { readonly addresses: readonly string[] };

/** Rows with `addresses` added: those of the ledger and, where it has none, those that WHMCS shows for the service. */
export async function withAddresses(db: Database, rows: readonly VmRow[]): Promise<RowWithAddresses[]> {
  const ledger = await addressesOfRows(
    db,
    rows.map(({ id }) => id),
  );
  const services = await servicesOf(
    db,
    rows.filter(({ vm_status }) => vm_status !== 'remove').map(({ service_id }) => service_id),
  );
  return rows.map((row) => {
    const service = services.get(row.service_id ?? -1);
    return { ...row, addresses: ledger.get(row.id) ?? (service ? writtenAddresses(service) : []) };
  });
}
