import type { Database } from '../records/database.ts';
import { addressesOfOthers, allocatedAddresses } from '../records/ledger.ts';
import type { VmRow } from '../records/vm-row.ts';
import { findService, type Service, serviceIsShared, writtenAddresses } from '../records/whmcs.ts';

/** The addresses of a row's VM, and the service they are written at, if it is this row's alone. */
export interface VmAddresses {
  /** By the ledger, and those that only WHMCS knows. */
  readonly all: readonly string[];
  /** Those that only WHMCS knows: a VM that was there before vmctl. */
  readonly unlisted: readonly string[];
  readonly service: Service | undefined;
  /** Another living row belongs to the same service. */
  readonly shared: boolean;
}

/**
 * Gathers the addresses of a row. WHMCS's own fields count only while no other living row belongs to the same service, and
 * never for an address that the ledger gives to another row.
 */
export async function addressesOf(db: Database, row: VmRow): Promise<VmAddresses> {
  const allocated = await allocatedAddresses(db, row.id);
  const service = await findService(db, row.service_id);
  const shared = service !== undefined && (await serviceIsShared(db, row));
  if (!service || shared) return { all: allocated, unlisted: [], service: undefined, shared };
  const written = writtenAddresses(service);
  const others = await addressesOfOthers(db, row.id, written);
  const unlisted = written.filter((address) => !allocated.includes(address) && !others.includes(address));
  return { all: [...allocated, ...new Set(unlisted)], unlisted: [...new Set(unlisted)], service, shared };
}
