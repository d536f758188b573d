import { removeRecords } from '../../dns/removal.ts';
import type { VmNames } from '../../dns/vm.ts';
import { rememberDeletions } from '../../records/dns-deletions.ts';
import type { VmRow } from '../../records/vm-row.ts';
import { recordLine } from '../../report/record-lines.ts';
import type { StepContext } from '../context.ts';
import type { Outcome } from '../pipeline.ts';
import { addressesOf } from '../vm-addresses.ts';

/**
 * Deletes the VM's records in every matching zone. No error blocks: each is printed, and a deletion that is not refused
 * for good is remembered and tried again by a duty, so that no record outlives its VM for longer than its provider is down.
 */
export async function deleteDns(context: StepContext): Promise<Outcome> {
  const { row, db, settings, say, complain, signal } = context;
  say('deleting DNS records');
  const { all } = await addressesOf(db, row);
  const results = await removeRecords(settings.dns.zones, vmOf(row, all), await context.dns(), {
    signal,
    onResult: (result) => (result.ok ? say : complain)(recordLine(result)),
  });
  const leftovers = results.flatMap((result) =>
    result.leftovers.map((left) => ({ ...left, address: result.address, error: result.error ?? '' })),
  );
  return { kind: 'done', also: (trx) => rememberDeletions(trx, db, row, leftovers) };
}

/** A row's VM as DNS sees it. */
export function vmOf(row: VmRow, addresses: readonly string[]): VmNames {
  return { fqdn: row.domain ?? undefined, addresses, rdns: reverseNames(row.vm_rev_dns) };
}

/** A panel may have written anything there; what cannot be read names nothing. */
function reverseNames(json: string | null): Record<string, string> {
  try {
    const names: unknown = JSON.parse(json ?? '{}');
    if (typeof names !== 'object' || names === null) return {};
    return Object.fromEntries(
      Object.entries(names).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
    );
  } catch {
    return {};
  }
}
