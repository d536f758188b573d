import { flag, isRecord, item, items, number, required, text, unexpected } from './readers.ts';
import { type ApiCall, apiPath, type Transport } from './transport.ts';
import { isUpid } from './upid.ts';
import { readConfig, type VmConfig } from './vm-config.ts';

export type PowerState = 'running' | 'stopped';

/** A VM as its own node sees it now. */
export interface VmListItem {
  readonly vmid: number;
  readonly name: string;
  readonly status: PowerState;
  readonly lock?: string | undefined;
  readonly template: boolean;
}

export interface VmStatus {
  readonly status: PowerState;
  /** Such as `running`, `paused`, `prelaunch`. A paused VM has the status `running`. */
  readonly qmpstatus?: string | undefined;
  readonly lock?: string | undefined;
  readonly haManaged: boolean;
}

/** Calls on VMs. `gone` means: not on this node (any more). */
export interface VmCalls {
  listVms(node: string): Promise<VmListItem[]>;
  vmStatus(node: string, vmid: number): Promise<VmStatus>;
  /** With pending values applied. */
  vmConfig(node: string, vmid: number): Promise<VmConfig>;
  /**
   * Gives the UPID; what goes wrong, a missing or locked VM too, is in the task. The task holds the VM's lock until the
   * guest is down or the time is over, then kills it if `forceStop`. Already stopped: the task ends OK.
   */
  shutdown(
    node: string,
    vmid: number,
    options: { readonly timeoutSeconds: number; readonly forceStop: boolean },
  ): Promise<string>;
  /**
   * Gives the UPID. `overruleShutdown` ends a running shutdown of the same token (Sys.Modify: of anybody); refused for
   * HA (`ha-managed`) and unknown before 8.2 (`parameter`).
   */
  stop(node: string, vmid: number, options?: { readonly overruleShutdown?: boolean }): Promise<string>;
  /** DELETE with purge=1. Gives the UPID. Its disks go too, its backups stay. */
  destroyVm(node: string, vmid: number): Promise<string>;
}

export function vmCalls(transport: Transport): VmCalls {
  async function get(node: string, path: string, vmid?: number): Promise<{ call: ApiCall; data: unknown }> {
    const call: ApiCall = { method: 'GET', path, node, vmid, effect: 'none' };
    return { call, data: (await transport.call(call)).data };
  }

  async function start(method: 'POST' | 'DELETE', node: string, vmid: number, path: string, params: ApiCall['params']) {
    const call: ApiCall = { method, path, params, node, vmid, effect: 'changes' };
    return upidOf(call, (await transport.call(call)).data);
  }

  return {
    listVms: async (node) => {
      const { call, data } = await get(node, apiPath`/nodes/${node}/qemu`);
      return items(call, data).map((entry) => ({
        vmid: required(call, number(entry, 'vmid'), 'a VMID'),
        name: text(entry, 'name') ?? '',
        status: powerState(call, entry.status),
        lock: text(entry, 'lock'),
        template: flag(entry, 'template'),
      }));
    },
    vmStatus: async (node, vmid) => {
      const { call, data } = await get(node, apiPath`/nodes/${node}/qemu/${vmid}/status/current`, vmid);
      const entry = item(call, data);
      return {
        status: powerState(call, entry.status),
        qmpstatus: text(entry, 'qmpstatus'),
        lock: text(entry, 'lock'),
        haManaged: isRecord(entry.ha) && flag(entry.ha, 'managed'),
      };
    },
    vmConfig: async (node, vmid) => {
      const { call, data } = await get(node, apiPath`/nodes/${node}/qemu/${vmid}/config`, vmid);
      return readConfig(item(call, data));
    },
    shutdown: (node, vmid, { timeoutSeconds, forceStop }) =>
      start('POST', node, vmid, apiPath`/nodes/${node}/qemu/${vmid}/status/shutdown`, {
        timeout: timeoutSeconds,
        forceStop,
      }),
    stop: (node, vmid, { overruleShutdown } = {}) =>
      start('POST', node, vmid, apiPath`/nodes/${node}/qemu/${vmid}/status/stop`, {
        // Before 8.2 the parameter is refused whatever its value.
        'overrule-shutdown': overruleShutdown === true ? true : undefined,
      }),
    destroyVm: (node, vmid) => start('DELETE', node, vmid, apiPath`/nodes/${node}/qemu/${vmid}`, { purge: true }),
  };
}

/** The UPID that a call gives back. @throws ProxmoxError where it is none; the change was executed then. */
export function upidOf(call: ApiCall, data: unknown): string {
  if (typeof data === 'string' && isUpid(data)) return data;
  throw unexpected(call, 'a UPID', data);
}

function powerState(call: ApiCall, value: unknown): PowerState {
  if (value === 'running' || value === 'stopped') return value;
  throw unexpected(call, 'the status running or stopped', value);
}
