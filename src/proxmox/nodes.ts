import { ProxmoxError } from './errors.ts';
import { flag, item, items, number, required, text } from './readers.ts';
import type { ApiCall, Transport } from './transport.ts';

export interface NodeItem {
  readonly node: string;
  readonly online: boolean;
}

/** A guest as `cluster/resources` knows it: existence, node and lock at once, status and name up to 10 s late. */
export interface VmResource {
  readonly vmid: number;
  readonly node: string;
  readonly type: 'qemu' | 'lxc';
  /** `unknown` for a new VM and for those of a node that is down. */
  readonly status: string;
  readonly name?: string | undefined;
  readonly lock?: string | undefined;
  readonly template: boolean;
  /** Start and stop go through the HA manager. */
  readonly ha: boolean;
}

export interface StorageResource {
  readonly storage: string;
  readonly node: string;
  readonly available: boolean;
  readonly shared: boolean;
  /** Such as `images`, `backup`. */
  readonly content: readonly string[];
}

export interface NodeCalls {
  /** `release` such as `9.2`, `version` such as `9.2.11`. */
  version(): Promise<{ readonly release: string; readonly version: string }>;
  nodes(): Promise<NodeItem[]>;
  /** Whether the cluster can be written to. Without Sys.Audit: whether more than half of its nodes are online. */
  quorate(): Promise<boolean>;
  vmResources(): Promise<VmResource[]>;
  storageResources(): Promise<StorageResource[]>;
  /**
   * Whether no guest of the cluster has the VMID: right for any token, while a list leaves out what it may not see.
   * "Free" is not "gone": a clone whose answer was lost can start later (seen on a real 9.2: 38 s).
   */
  isVmidFree(vmid: number): Promise<boolean>;
}

export function nodeCalls(transport: Transport): NodeCalls {
  async function get(path: string, params: ApiCall['params'] = {}): Promise<{ call: ApiCall; data: unknown }> {
    const call: ApiCall = { method: 'GET', path, params, effect: 'none' };
    return { call, data: (await transport.call(call)).data };
  }

  async function nodes(): Promise<NodeItem[]> {
    const { call, data } = await get('/nodes');
    return items(call, data).map((entry) => ({
      node: required(call, text(entry, 'node'), 'the name of a node'),
      online: entry.status === 'online',
    }));
  }

  return {
    nodes,
    version: async () => {
      const { call, data } = await get('/version');
      const entry = item(call, data);
      const release = required(call, text(entry, 'release'), 'a release');
      return { release, version: text(entry, 'version') ?? release };
    },
    quorate: async () => {
      try {
        const { call, data } = await get('/cluster/status');
        const cluster = items(call, data).find((entry) => entry.type === 'cluster');
        // A node that stands alone has no such entry, and needs no quorum.
        return cluster === undefined || flag(cluster, 'quorate');
      } catch (error) {
        if (!(error instanceof ProxmoxError) || error.reason !== 'forbidden') throw error;
        const all = await nodes();
        return all.filter((node) => node.online).length * 2 > all.length;
      }
    },
    vmResources: async () => {
      const { call, data } = await get('/cluster/resources', { type: 'vm' });
      return items(call, data).map((entry) => ({
        vmid: required(call, number(entry, 'vmid'), 'a VMID'),
        node: required(call, text(entry, 'node'), 'a node'),
        type: entry.type === 'lxc' ? 'lxc' : 'qemu',
        status: text(entry, 'status') ?? 'unknown',
        name: text(entry, 'name'),
        lock: text(entry, 'lock'),
        template: flag(entry, 'template'),
        // In the state `ignored` a resource is treated as if it were none.
        ha: text(entry, 'hastate') !== undefined && entry.hastate !== 'ignored',
      }));
    },
    storageResources: async () => {
      const { call, data } = await get('/cluster/resources', { type: 'storage' });
      return items(call, data).map((entry) => ({
        storage: required(call, text(entry, 'storage'), 'the name of a storage'),
        node: required(call, text(entry, 'node'), 'a node'),
        available: entry.status === 'available',
        shared: flag(entry, 'shared'),
        content: (text(entry, 'content') ?? '').split(',').filter((kind) => kind !== ''),
      }));
    },
    isVmidFree: async (vmid) => {
      try {
        await get('/cluster/nextid', { vmid });
        return true;
      } catch (error) {
        if (error instanceof ProxmoxError && error.reason === 'exists') return false;
        throw error;
      }
    },
  };
}
