import { configControls, vmOption } from './config-schema.ts';
import { digestOf, wantedConfig } from './config-view.ts';
import { configVolumes, formatDrive, formatSize, isCdrom, isDriveKey, parseDrive } from './disks.ts';
import { PveError, parameterError } from './errors.ts';
import { randomMac } from './random.ts';
import type { Params } from './schema.ts';
import type { Sim } from './sim.ts';
import { checkLock } from './vms.ts';
import { allocateImage, keyOn, loadStorage } from './volumes.ts';
import type { ConfigValue, Vm } from './world.ts';

/** Applied to a running guest at once; everything else waits for its next start. */
const hotKeys =
  /^(?:name|description|tags|onboot|protection|startup|cpulimit|cpuunits|ci\w+|sshkeys|ipconfig\d+|nameserver|searchdomain|net\d+|unused\d+)$/;

export function checkDigest(vm: Vm, params: Params): void {
  const wanted = params.digest;
  if (wanted !== undefined && wanted !== digestOf(vm)) {
    throw new PveError('checksum mismatch (file change by other user?)');
  }
}

export function listOf(value: string | undefined): string[] {
  return (value ?? '').split(/[,;\s]+/).filter((key) => key !== '');
}

/** What the API refuses before it looks at the VM. */
export function checkConfigParams(params: Params): void {
  const keys = Object.keys(params).filter((key) => !configControls.has(key));
  const deleted = listOf(params.delete);
  if (params.skiplock === '1') throw parameterError({ skiplock: 'Only root may use this option.' });
  const rootOnly = [...keys, ...deleted].find((key) => key === 'args' || key === 'lock');
  if (rootOnly !== undefined) throw new PveError(`only root can set '${rootOnly}' config`);
  for (const key of deleted) {
    if (vmOption(key) === undefined) throw parameterError({ delete: `unknown option '${key}'` });
    if (keys.includes(key)) {
      throw parameterError({ delete: `you can't use '-${key}' and -delete ${key}' at the same time` });
    }
  }
  if (keys.length + deleted.length + listOf(params.revert).length === 0) throw new PveError('no options specified');
}

/** Changes a VM's configuration. Throws, and then changes nothing that was not changed before it threw. */
export function changeConfig(sim: Sim, vm: Vm, params: Params, at: number): void {
  checkDigest(vm, params);
  checkLock(vm);
  for (const key of listOf(params.revert)) delete vm.pending[key];
  for (const key of listOf(params.delete)) remove(sim, vm, key);
  for (const [key, value] of Object.entries(params)) {
    if (!configControls.has(key)) set(vm, key, normalised(sim, vm, key, value, at));
  }
}

function set(vm: Vm, key: string, value: ConfigValue): void {
  const attached = vm.config[key];
  if (isDriveKey(key) && attached !== undefined && parseDrive(attached).volid !== parseDrive(value).volid) {
    detach(vm, key);
  }
  if (!vm.running || hotKeys.test(key) || isDriveKey(key)) {
    vm.config[key] = value;
    delete vm.pending[key];
  } else if (String(vm.config[key]) === String(value)) {
    delete vm.pending[key];
  } else {
    vm.pending[key] = value;
  }
}

function remove(sim: Sim, vm: Vm, key: string): void {
  if (isDriveKey(key)) {
    if (vm.config.protection === 1) throw new PveError(`can't remove drive '${key}' - protection mode enabled`);
    detach(vm, key);
  } else if (key.startsWith('unused')) {
    const value = vm.config[key];
    if (value !== undefined) delete sim.world.volumes[keyOn(sim.world, vm.node, parseDrive(value).volid)];
    delete vm.config[key];
  } else if (!vm.running || hotKeys.test(key)) {
    delete vm.config[key];
    delete vm.pending[key];
  } else if (vm.config[key] !== undefined) {
    vm.pending[key] = null;
  }
}

/** A disk that is taken off stays as `unusedN`; a CD drive just goes. */
function detach(vm: Vm, key: string): void {
  const value = vm.config[key];
  delete vm.config[key];
  if (value === undefined) return;
  const drive = parseDrive(value);
  if (isCdrom(drive)) return;
  let number = 0;
  while (vm.config[`unused${number}`] !== undefined) number += 1;
  vm.config[`unused${number}`] = drive.volid;
}

function normalised(sim: Sim, vm: Vm, key: string, value: string, at: number): ConfigValue {
  if (isDriveKey(key)) return drive(sim, vm, key, value, at);
  if (/^net\d+$/.test(key)) return netWithMac(sim, value);
  if (key === 'tags') return [...new Set(listOf(value.toLowerCase()))].sort().join(';');
  if (key === 'description') return value.trimEnd();
  if (key === 'balloon' && Number(value) > Number(wantedConfig(vm).memory ?? 512)) {
    throw new PveError('balloon value too large (must be smaller than assigned memory)');
  }
  if (key === 'sshkeys' && !/^(?:ssh-|ecdsa-|sk-)\S+ \S+/m.test(decodeURIComponent(value))) {
    throw new PveError('SSH public key validation error');
  }
  return /^\d+$/.test(value) && key !== 'name' && key !== 'cipassword' ? Number(value) : value;
}

/** The model's own MAC address; a new one on every write that leaves it out. */
function netWithMac(sim: Sim, value: string): string {
  return value
    .split(',')
    .map((part) => (/^(?:virtio|e1000|e1000e|vmxnet3|rtl8139)$/.test(part) ? `${part}=${randomMac(sim.world)}` : part))
    .join(',');
}

/** `store:8` allocates 8 GiB, `store:cloudinit` a cloud-init drive. */
function drive(sim: Sim, vm: Vm, key: string, value: string, at: number): string {
  const parsed = parseDrive(value);
  const [, storageId, what] = /^([^:]+):(\d+(?:\.\d+)?|cloudinit)$/.exec(parsed.volid) ?? [];
  if (storageId === undefined || what === undefined) return value;
  const cloudInit = what === 'cloudinit';
  const already = configVolumes(vm.config).find((entry) => /cloudinit/.test(entry.drive.volid));
  if (cloudInit && already !== undefined) {
    throw new PveError(`${key} - cloud-init drive is already attached at '${already.key}'`);
  }
  const storage = loadStorage(sim.world, storageId, vm.node);
  const size = cloudInit ? 4 * 1024 ** 2 : Number(what) * 1024 ** 3;
  const volume = allocateImage(sim.world, { storage, node: vm.node, vmid: vm.vmid, size, at, cloudInit });
  const extra: [string, string][] = cloudInit
    ? [['media', 'cdrom']]
    : parsed.options.filter(([key]) => key !== 'format');
  return formatDrive({ volid: volume.volid, options: [...extra, ['size', formatSize(size)]] });
}
