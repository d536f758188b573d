import type { ProxmoxSimulator } from '../../src/simulator/proxmox/index.ts';

type Interlude = (simulator: ProxmoxSimulator) => void;

function vm({ world }: ProxmoxSimulator, vmid: number) {
  const found = world.vms[vmid];
  if (found === undefined) throw new Error(`VM ${vmid} is not there`);
  return found;
}

const lock =
  (vmid: number, name = 'backup'): Interlude =>
  (simulator) => {
    vm(simulator, vmid).config.lock = name;
  };

const unlock =
  (vmid: number): Interlude =>
  (simulator) => {
    delete vm(simulator, vmid).config.lock;
  };

const switchOff =
  (vmid: number): Interlude =>
  (simulator) => {
    vm(simulator, vmid).running = false;
  };

/** How long the guest takes to shut down; null: it ignores the button. */
const guest =
  (vmid: number, shutdownMs: number | null): Interlude =>
  (simulator) => {
    vm(simulator, vmid).guest.shutdownMs = shutdownMs;
  };

function addBackups(simulator: ProxmoxSimulator): void {
  for (const vmid of [100, 101]) {
    for (const [index, at] of [Date.UTC(2026, 0, 1), Date.UTC(2026, 1, 1, 12, 30)].entries()) {
      const isProtected = vmid === 101 && index === 1;
      simulator.addBackup({ vmid, storage: 'local', at, notes: `note-${vmid}`, protected: isProtected });
    }
  }
}

const setStorage =
  (id: string, change: { enabled: boolean }): Interlude =>
  ({ world }) => {
    Object.assign(world.storages[id] ?? {}, change);
  };

let hidden: ProxmoxSimulator['world']['volumes'][string] | undefined;
const disk = 'pve1|vmstore:100/vm-100-disk-0.qcow2';

/** What was done by hand on the machine before a request was recorded, by the name of its row. */
export const interludes: Readonly<Record<string, Interlude>> = {
  'clone.locked_source': lock(9000),
  'slowclone.post': unlock(9000),
  'config.put_locked': lock(100),
  'resize.ok_plus': unlock(100),
  'shutdown.locked_running': lock(100),
  'reboot.task_ok_but_start_fails_later': unlock(100),
  'start.before_reboot': switchOff(100),
  'shutdown.timeout_early_boot': guest(100, null),
  'shutdown.long': guest(100, 5_000),
  'start.missing_disk': ({ world }) => {
    hidden = world.volumes[disk];
    delete world.volumes[disk];
  },
  'start.out_of_memory': ({ world }) => {
    if (hidden !== undefined) world.volumes[disk] = hidden;
  },
  'storage.list_node': addBackups,
  'remote.offline_node_qemu': (simulator) => {
    const { world } = simulator;
    world.nodes.pve2 = { name: 'pve2', ip: '192.0.2.2', online: false, downSince: 0 };
    simulator.addVm({ vmid: 200, node: 'pve2', name: 'far' });
  },
  'killed_clone.post': ({ faults }) => faults.add({ path: /\/clone$/, do: 'task-killed', times: 1 }),
  'gp.status_after_guest_poweroff': switchOff(163),
  'crash.status': switchOff(163),
  'clone.storage_disabled': setStorage('store2', { enabled: false }),
  'clone.for_ci': setStorage('store2', { enabled: true }),
  'clone.storage_offline': (simulator) => simulator.addStorage({ id: 'off', content: ['images'], active: false }),
  'config.post_async_digest_wrong': (simulator) => simulator.addVm({ vmid: 100 }),
  'auth.disabled_user': ({ world }) => Object.assign(world.users['weak@pve'] ?? {}, { enabled: false }),
};
