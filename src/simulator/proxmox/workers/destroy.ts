import { configVolumes } from '../disks.ts';
import { succeed } from '../ending.ts';
import { PveError } from '../errors.ts';
import { storageLockTimeout } from '../flock.ts';
import type { Sim } from '../sim.ts';
import { proceed, warn } from '../tasks.ts';
import { checkLock, loadVm } from '../vms.ts';
import { hasLinkedClones, imagesOf, keyOn, storageLockAt, volumeKey } from '../volumes.ts';
import type { Task, Vm } from '../world.ts';
import { beginLocked } from './power.ts';
import type { Worker } from './worker.ts';

/** What a DELETE refuses: at the request, and again in the task under the lock. */
export function checkDestroyable(vm: Vm, purge: boolean): void {
  const { vmid } = vm;
  if (vm.config.protection === 1) throw new PveError(`can't remove VM ${vmid} - protection mode enabled`);
  if (!purge && vm.ha !== null) {
    throw new PveError(`unable to remove VM ${vmid} - used in HA resources and purge parameter not set.`);
  }
  if (!purge && vm.replicated) {
    throw new PveError(`There is a replication job '${vmid}-0' for guest '${vmid}' - Please remove that first.`);
  }
  if (vm.running) throw new PveError(`VM ${vmid} is running - destroy failed`);
}

function checkLinkedClones(sim: Sim, vm: Vm): void {
  if (vm.config.template !== 1) return;
  for (const { drive } of configVolumes(vm.config)) {
    if (hasLinkedClones(sim.world, drive.volid)) {
      throw new PveError(`base volume '${drive.volid}' is still in use by linked cloned`);
    }
  }
}

/** Images to remove: those in the configuration, and every one of that VMID if asked for. Foreign ones stay. */
function imageKeys(sim: Sim, task: Task, vm: Vm): string[] {
  const { world } = sim;
  const named = configVolumes(vm.config).map(({ drive }) => keyOn(world, vm.node, drive.volid));
  const unreferenced = task.args.params['destroy-unreferenced-disks'] === '1' ? imagesOf(world, vm.vmid) : [];
  const keys = new Set([...named, ...unreferenced.map((volume) => volumeKey(volume.volid, volume.node))]);
  return [...keys].filter((key) => world.volumes[key]?.vmid === vm.vmid);
}

/** A storage whose lock stays busy keeps its image: a warning, nothing more. */
function removeImages(sim: Sim, task: Task, vm: Vm, at: number): void {
  const spared = task.fate?.kind === 'warns';
  for (const key of imageKeys(sim, task, vm)) {
    const volume = sim.world.volumes[key];
    const storage = volume && sim.world.storages[volume.storage];
    if (volume === undefined || storage === undefined || spared) continue;
    if (storage.busyUntil > at) {
      warn(
        sim.world,
        task,
        `Could not remove disk '${volume.volid}', check manually: ${storageLockTimeout(storage.id)}`,
      );
    } else {
      delete sim.world.volumes[key];
    }
  }
}

/** How long the worker waits for busy storages before it gives them up. */
function storageWait(sim: Sim, task: Task, vm: Vm, at: number): number {
  const ready = imageKeys(sim, task, vm).map((key) => {
    const storage = sim.world.storages[sim.world.volumes[key]?.storage ?? ''];
    return storage === undefined ? at : (storageLockAt(sim, storage, at) ?? at + sim.timing.flockWait);
  });
  return Math.max(at, ...ready);
}

export const qmdestroy: Worker = {
  final: 'gone',
  phases: {
    begin: beginLocked('check'),
    check(sim, task, at) {
      const vm = loadVm(sim.world, task.node, task.args.vmid);
      checkDestroyable(vm, task.args.params.purge === '1');
      if (task.args.params.skiplock !== '1' && vm.config.lock !== 'suspended') checkLock(vm);
      checkLinkedClones(sim, vm);
      proceed(sim, task, 'gone', storageWait(sim, task, vm, at) + sim.timing.destroy);
    },
    gone(sim, task, at) {
      const { world } = sim;
      const vm = loadVm(world, task.node, task.args.vmid);
      removeImages(sim, task, vm, at);
      world.acl = world.acl.filter((entry) => entry.path !== `/vms/${vm.vmid}`);
      delete world.firewalls[vm.vmid];
      if (task.args.params.purge === '1') task.log.push(`purging VM ${vm.vmid} from related configurations..`);
      delete world.vms[vm.vmid];
      succeed(sim, task, at);
    },
  },
  killed(sim, task) {
    const vm = loadVm(sim.world, task.node, task.args.vmid);
    removeImages(sim, task, vm, Number.POSITIVE_INFINITY);
    vm.config = { lock: 'destroyed' };
    vm.pending = {};
  },
};
