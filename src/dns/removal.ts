import type { ZoneSettings } from '../settings/types.ts';
import type { Address } from './addresses.ts';
import { withoutContents, withoutSet } from './edits.ts';
import type { DnsPorts } from './ports.ts';
import type { RecordType } from './provider.ts';
import { type RunOptions, runTasks } from './run.ts';
import type { RecordResult, RecordTask, RrsetEdit } from './task.ts';
import { toVmRecords, type VmNames, type VmRecords } from './vm.ts';
import { matchForward, matchReverse } from './zones.ts';

/**
 * Deletes a VM's records from every zone that matches: forward zones first, then reverse zones, each in configured order.
 * An A or AAAA goes only where it points at one of the VM's addresses; a PTR of one of its addresses always goes.
 * What is absent already is a success.
 */
export function removeRecords(
  zones: readonly ZoneSettings[],
  vm: VmNames,
  ports: DnsPorts,
  options?: RunOptions,
): Promise<RecordResult[]> {
  return runTasks(planRemoval(zones, vm), ports, options);
}

/** The tasks of `removeRecords`, for a dry run: nothing is asked. */
export function planRemoval(zones: readonly ZoneSettings[], vm: VmNames): RecordTask[] {
  const records = toVmRecords(vm);
  return [...forwardTasks(zones, records), ...reverseTasks(zones, records)];
}

function forwardTasks(zones: readonly ZoneSettings[], { fqdn, addresses }: VmRecords): RecordTask[] {
  if (fqdn === undefined || addresses.length === 0) return [];
  const edits = [pointingAt('A', 4, addresses), pointingAt('AAAA', 6, addresses)].filter(
    ({ expected }) => expected.length > 0,
  );
  return matchForward(zones, fqdn).map(({ zone, name }) => ({
    kind: 'fwd',
    change: 'delete',
    zone,
    name,
    fqdn,
    addresses: addresses.map(({ text }) => text),
    edits,
  }));
}

function pointingAt(type: RecordType, family: Address['family'], addresses: readonly Address[]): RrsetEdit {
  const own = addresses.filter((address) => address.family === family).map(({ text }) => text);
  return { type, expected: own, edit: (current) => withoutContents(current, own) };
}

function reverseTasks(zones: readonly ZoneSettings[], { fqdn, addresses, hostOf }: VmRecords): RecordTask[] {
  return matchReverse(zones, addresses).map(({ zone, name, address }) => {
    // A PTR that could not be read is deleted later only if it points where this VM's PTR may have pointed.
    const expected = [...new Set([hostOf(address), fqdn])].filter((host) => host !== undefined);
    return {
      kind: 'rev',
      change: 'delete',
      zone,
      name,
      fqdn,
      address: address.text,
      addresses: [],
      edits: [{ type: 'PTR', expected, edit: withoutSet }],
    };
  });
}
