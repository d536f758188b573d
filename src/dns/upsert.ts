import type { ZoneSettings } from '../settings/types.ts';
import { exactly } from './edits.ts';
import type { DnsPorts } from './ports.ts';
import type { RecordType } from './provider.ts';
import { type RunOptions, runTasks } from './run.ts';
import type { RecordResult, RecordTask, RrsetEdit } from './task.ts';
import { toVmRecords, type VmNames, type VmRecords } from './vm.ts';
import { matchForward, matchReverse } from './zones.ts';

/**
 * Sets a VM's records in every zone that matches, forward zones first: one A (the first IPv4) and one AAAA (the first
 * IPv6) for its FQDN, and the PTR of every address to its `rdns` host, else to the FQDN. What is right already, TTL
 * included, is not written again. A name that has no address of a family keeps what it has of that family.
 */
export function setRecords(
  zones: readonly ZoneSettings[],
  vm: VmNames,
  ports: DnsPorts,
  options?: RunOptions,
): Promise<RecordResult[]> {
  return runTasks(planUpsert(zones, vm), ports, options);
}

/** The tasks of `setRecords`, for a dry run: nothing is asked. */
export function planUpsert(zones: readonly ZoneSettings[], vm: VmNames): RecordTask[] {
  const records = toVmRecords(vm);
  return [...forwardTasks(zones, records), ...reverseTasks(zones, records)];
}

function forwardTasks(zones: readonly ZoneSettings[], { fqdn, addresses }: VmRecords): RecordTask[] {
  const first = [4, 6].flatMap((family) => addresses.find((address) => address.family === family) ?? []);
  if (fqdn === undefined || first.length === 0) return [];
  return matchForward(zones, fqdn).map(({ zone, name }) => ({
    kind: 'fwd',
    change: 'set',
    zone,
    name,
    fqdn,
    addresses: first.map(({ text }) => text),
    edits: first.map(({ family, text }) => only(name, family === 4 ? 'A' : 'AAAA', text, zone.ttl)),
  }));
}

function reverseTasks(zones: readonly ZoneSettings[], { fqdn, addresses, hostOf }: VmRecords): RecordTask[] {
  return matchReverse(zones, addresses).flatMap(({ zone, name, address }) => {
    const host = hostOf(address);
    if (host === undefined) return [];
    const edits = [only(name, 'PTR', host, zone.ttl)];
    return [{ kind: 'rev', change: 'set', zone, name, fqdn, address: address.text, host, addresses: [], edits }];
  });
}

function only(name: string, type: RecordType, record: string, ttl: number): RrsetEdit {
  return { type, expected: [], edit: (current) => exactly(current, { name, type }, record, ttl) };
}
