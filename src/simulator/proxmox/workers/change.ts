import { changeConfig, checkDigest } from '../config-change.ts';
import { formatDrive, formatSize, isCdrom, isDriveKey, parseDrive, parseSize } from '../disks.ts';
import { succeed } from '../ending.ts';
import { PveError } from '../errors.ts';
import type { Params } from '../schema.ts';
import type { Sim } from '../sim.ts';
import { proceed } from '../tasks.ts';
import { checkLock, loadVm } from '../vms.ts';
import { keyOn, renameToBase } from '../volumes.ts';
import type { Vm } from '../world.ts';
import { beginLocked } from './power.ts';
import type { Worker } from './worker.ts';

export const qmconfig: Worker = {
  final: 'apply',
  phases: {
    begin: beginLocked('apply'),
    apply(sim, task, at) {
      const changes = Object.entries(task.args.params).map(([key, value]) => `-${key} ${value}`);
      task.log.push(`update VM ${task.args.vmid}: ${changes.sort().join(' ')}`);
      changeConfig(sim, loadVm(sim.world, task.node, task.args.vmid), task.args.params, at);
      proceed(sim, task, 'done', at + sim.timing.configTask);
    },
    done: succeed,
  },
};

/** Grows a disk; says what a worker, or before 8 the call itself, says to what cannot be. */
export function resizeDisk(sim: Sim, vm: Vm, params: Params): void {
  checkDigest(vm, params);
  checkLock(vm);
  const { disk: key = '', size: wanted = '' } = params;
  const value = vm.config[key];
  if (value === undefined) throw new PveError(`disk '${key}' does not exist`);
  const drive = parseDrive(value);
  if (isCdrom(drive)) throw new PveError("you can't resize a cdrom");
  const volume = sim.world.volumes[keyOn(sim.world, vm.node, drive.volid)];
  if (volume === undefined) throw new PveError(`volume '${drive.volid}' does not exist`);
  const size = wanted.startsWith('+') ? volume.size + parseSize(wanted.slice(1)) : parseSize(wanted);
  if (size < volume.size) throw new PveError('shrinking disks is not supported');
  volume.size = size;
  const options = drive.options.filter(([option]) => option !== 'size');
  vm.config[key] = formatDrive({ volid: drive.volid, options: [...options, ['size', formatSize(size)]] });
}

export const resize: Worker = {
  final: 'grow',
  phases: {
    begin: beginLocked('check'),
    check(sim, task, at) {
      loadVm(sim.world, task.node, task.args.vmid);
      proceed(sim, task, 'grow', at + sim.timing.resize);
    },
    grow(sim, task, at) {
      resizeDisk(sim, loadVm(sim.world, task.node, task.args.vmid), task.args.params);
      succeed(sim, task, at);
    },
  },
};

export const qmtemplate: Worker = {
  final: 'convert',
  phases: {
    begin: beginLocked('check'),
    check(sim, task, at) {
      checkLock(loadVm(sim.world, task.node, task.args.vmid));
      proceed(sim, task, 'convert', at + sim.timing.template);
    },
    convert(sim, task, at) {
      const vm = loadVm(sim.world, task.node, task.args.vmid);
      for (const [key, value] of Object.entries(vm.config)) {
        const drive = parseDrive(value);
        const volume = sim.world.volumes[keyOn(sim.world, vm.node, drive.volid)];
        if (!isDriveKey(key) || isCdrom(drive) || volume === undefined) continue;
        vm.config[key] = formatDrive({ ...drive, volid: renameToBase(sim.world, volume) });
      }
      vm.config.template = 1;
      succeed(sim, task, at);
    },
  },
};
