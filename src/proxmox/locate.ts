import type { Clock } from '../base/clock.ts';
import type { NodeCalls, VmResource } from './nodes.ts';

export interface Location {
  readonly node: string;
  readonly type: 'qemu' | 'lxc';
  /** Start and stop go through the HA manager. */
  readonly ha: boolean;
}

/** `fresh`: by a new reading. */
export type Locate = (vmid: number, options?: { readonly fresh?: boolean }) => Promise<Location | undefined>;

/** The server itself keeps what `cluster/resources` tells for 2 s. */
const keptMs = 2_000;

/** Finds the nodes of guests by one shared reading of the whole cluster, at most 2 s old. */
export function createLocator(calls: Pick<NodeCalls, 'vmResources'>, clock: Clock): Locate {
  let reading: { readonly since: number; readonly vms: Promise<Map<number, VmResource>> } | undefined;

  function read(): Promise<Map<number, VmResource>> {
    const vms = calls.vmResources().then((all) => new Map(all.map((vm) => [vm.vmid, vm])));
    const mine = { since: clock.monotonic(), vms };
    reading = mine;
    vms.catch(() => {
      if (reading === mine) reading = undefined;
    });
    return vms;
  }

  return async (vmid, { fresh = false } = {}) => {
    const kept = !fresh && reading && clock.monotonic() - reading.since < keptMs ? reading.vms : read();
    const vm = (await kept).get(vmid);
    return vm && { node: vm.node, type: vm.type, ha: vm.ha };
  };
}
