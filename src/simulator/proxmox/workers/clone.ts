import { configVolumes, formatDrive, formatSize, isCdrom, isCloudInit, parseDrive } from '../disks.ts';
import { succeed } from '../ending.ts';
import { PveError } from '../errors.ts';
import { lockThen, storageLockTimeout, vmLock } from '../flock.ts';
import { randomMac, randomUuid } from '../random.ts';
import type { Sim } from '../sim.ts';
import { proceed } from '../tasks.ts';
import { loadVm } from '../vms.ts';
import { allocateImage, checkActive, imagesOf, keyOn, loadStorage, storageLockAt, volumeKey } from '../volumes.ts';
import type { Task, Vm, VmConfig } from '../world.ts';
import type { Worker } from './worker.ts';

function newId(task: Task): number {
  return Number(task.args.params.newid);
}

function targetOf(sim: Sim, task: Task): Vm {
  return loadVm(sim.world, task.node, newId(task));
}

export function isFullClone(source: Vm, full: string | undefined): boolean {
  return full === undefined ? source.config.template !== 1 : full === '1';
}

/** Where an image of the source goes: the storage asked for, else its own. */
function storageFor(sim: Sim, task: Task, volid: string) {
  return loadStorage(sim.world, task.args.params.storage ?? volid.split(':')[0] ?? '', task.node);
}

/** The configuration of the new VM, without its disks: new identity, everything else as the source had it. */
function clonedConfig(sim: Sim, task: Task, source: Vm): VmConfig {
  const { params } = task.args;
  const config: VmConfig = {};
  const disks = new Set(configVolumes(source.config).map(({ key }) => key));
  for (const [key, value] of Object.entries(source.config)) {
    if (key === 'lock' || key === 'template' || disks.has(key)) continue;
    config[key] = /^net\d+$/.test(key) ? withNewMac(sim, String(value)) : value;
  }
  config.lock = 'clone';
  config.name = params.name ?? `Copy-of-VM-${source.config.name ?? source.vmid}`;
  if (params.description !== undefined) config.description = params.description.trimEnd();
  config.smbios1 = `uuid=${randomUuid(sim.world)}`;
  if (config.vmgenid !== undefined) config.vmgenid = randomUuid(sim.world);
  return config;
}

function withNewMac(sim: Sim, net: string): string {
  return net.replace(/[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5}/, randomMac(sim.world));
}

/** Allocates the images; what their keys in the configuration will say. */
function allocateDisks(sim: Sim, task: Task, source: Vm, at: number): Record<string, string> {
  const full = isFullClone(source, task.args.params.full);
  const disks: Record<string, string> = {};
  for (const { key, drive } of configVolumes(source.config)) {
    if (key.startsWith('unused')) continue;
    const image = sim.world.volumes[keyOn(sim.world, source.node, drive.volid)];
    if (isCdrom(drive) && !isCloudInit(drive)) {
      disks[key] = formatDrive(drive);
      continue;
    }
    if (image === undefined) throw new PveError(`volume '${drive.volid}' does not exist`);
    const linked = !full && !isCloudInit(drive);
    task.log.push(`create ${linked ? 'linked' : 'full'} clone of drive ${key} (${drive.volid})`);
    const volume = allocateImage(sim.world, {
      storage: storageFor(sim, task, drive.volid),
      node: task.node,
      vmid: newId(task),
      size: image.size,
      at,
      cloudInit: isCloudInit(drive),
      ...(linked ? { base: drive.volid } : {}),
    });
    task.log.push(`allocated target volume '${volume.volid}'`);
    const options = drive.options.filter(([option]) => option !== 'size');
    disks[key] = formatDrive({ volid: volume.volid, options: [...options, ['size', formatSize(image.size)]] });
  }
  return disks;
}

/** When the locks of all storages can be had; throws where one is busy for too long. */
function storagesReadyAt(sim: Sim, task: Task, source: Vm, at: number): number {
  let ready = at;
  for (const { drive } of configVolumes(source.config)) {
    const storage = storageFor(sim, task, drive.volid);
    checkActive(storage);
    const free = storageLockAt(sim, storage, at);
    if (free === null) throw new PveError(storageLockTimeout(storage.id));
    ready = Math.max(ready, free);
  }
  return ready;
}

/**
 * The target's configuration file, before anything is copied. Seen on a real 9.2: of two clones at once the later one
 * fails here, and at once.
 */
function createTarget({ world }: Sim, task: Task, at: number): void {
  const vmid = newId(task);
  const source = loadVm(world, task.node, task.args.vmid);
  const taken = world.vms[vmid];
  if (taken?.node === task.node) throw new PveError(`unable to create VM ${vmid}: config file already exists`);
  task.log.push(`creating a clone of VM ${source.vmid} with ID ${vmid}`);
  if (taken !== undefined) {
    const file = `/etc/pve/nodes/${task.node}/qemu-server/${vmid}.conf`;
    throw new PveError(`close (rename) atomic file '${file}' failed: File exists`);
  }
  world.vms[vmid] = {
    vmid,
    node: task.node,
    config: { lock: 'clone', description: ' qmclone temporary file' },
    pending: {},
    running: false,
    runningSince: at,
    before: false,
    changedAt: at,
    createdAt: at,
    guest: { ...source.guest },
    poweroffAt: null,
    ha: null,
    replicated: false,
    pool: task.args.params.pool ?? null,
  };
  task.args.created = true;
}

/** Of the copying, ms: `bwlimit` (KiB/s) makes it longer. */
function copyTime({ timing, world }: Sim, task: Task, source: Vm): number {
  const { full, bwlimit } = task.args.params;
  if (!isFullClone(source, full)) return timing.cloneLinked;
  const volumes = configVolumes(source.config).map(
    ({ drive }) => world.volumes[keyOn(world, source.node, drive.volid)],
  );
  const bytes = volumes.reduce((sum, volume) => sum + (volume?.size ?? 0), 0);
  const limit = Number(bwlimit ?? 0) * 1024;
  return limit === 0 ? timing.cloneFull : Math.max(timing.cloneFull, (bytes / limit) * 1000);
}

export const qmclone: Worker = {
  final: 'copied',
  phases: {
    begin(sim, task, at) {
      const source = loadVm(sim.world, task.node, task.args.vmid);
      const key = vmLock(task.node, task.args.vmid);
      lockThen(sim, task, at, { key, shared: !source.running, waitMs: sim.timing.cloneLockWait, phase: 'target' });
    },
    target(sim, task, at) {
      createTarget(sim, task, at);
      lockThen(sim, task, at, {
        key: vmLock(task.node, newId(task)),
        waitMs: sim.timing.cloneLockWait,
        phase: 'create',
      });
    },
    create(sim, task, at) {
      const source = loadVm(sim.world, task.node, task.args.vmid);
      proceed(sim, task, 'config', storagesReadyAt(sim, task, source, at) + sim.timing.cloneConfig);
    },
    config(sim, task, at) {
      const source = loadVm(sim.world, task.node, task.args.vmid);
      targetOf(sim, task).config = clonedConfig(sim, task, source);
      task.args.disks = allocateDisks(sim, task, source, at);
      const { config } = targetOf(sim, task);
      // A disk is entered when it has been copied, what needs no copying at once.
      for (const [key, value] of Object.entries(task.args.disks)) if (isCdrom(parseDrive(value))) config[key] = value;
      proceed(sim, task, 'copied', at + copyTime(sim, task, source));
    },
    copied(sim, task, at) {
      const { world } = sim;
      const vm = targetOf(sim, task);
      Object.assign(vm.config, task.args.disks);
      delete vm.config.lock;
      const firewall = world.firewalls[task.args.vmid];
      if (firewall !== undefined) world.firewalls[vm.vmid] = firewall;
      vm.node = task.args.params.target ?? vm.node;
      succeed(sim, task, at);
    },
  },
  undo(sim, task) {
    if (!task.args.created) return '';
    for (const volume of imagesOf(sim.world, newId(task)))
      delete sim.world.volumes[volumeKey(volume.volid, volume.node)];
    delete sim.world.vms[newId(task)];
    return 'clone failed: ';
  },
};
