import { createHash } from 'node:crypto';
import { configVolumes, isCdrom, parseSize } from './disks.ts';
import { isAtLeast } from './sim.ts';
import type { ConfigValue, Vm, VmConfig, World } from './world.ts';

const numericKeys = new Set([
  'acpi',
  'autostart',
  'balloon',
  'ciupgrade',
  'cores',
  'cpuunits',
  'freeze',
  'kvm',
  'localtime',
  'numa',
  'onboot',
  'protection',
  'shares',
  'sockets',
  'tablet',
  'template',
  'vcpus',
]);

/** A value as the API writes it: memory and cpulimit are strings since 8, switches and counts are numbers. */
function shown(world: World, key: string, value: ConfigValue): ConfigValue {
  if (key === 'cipassword') return '**********';
  if (numericKeys.has(key) || (key === 'memory' && !isAtLeast(world, 8))) return Number(value);
  return String(value);
}

/** Hash of the content: changing a value and back makes an old digest valid again. */
export function digestOf(vm: Vm): string {
  const sorted = (record: Record<string, ConfigValue | null>) =>
    Object.keys(record)
      .sort()
      .map((key) => [key, record[key] === null ? null : String(record[key])]);
  return createHash('sha1')
    .update(JSON.stringify([sorted(vm.config), sorted(vm.pending)]))
    .digest('hex');
}

/** What `GET config` shows: pending values already applied, unless the running ones are asked for. */
export function configView(world: World, vm: Vm, current: boolean): Record<string, ConfigValue> {
  const config = current ? vm.config : wantedConfig(vm);
  const view: Record<string, ConfigValue> = { digest: digestOf(vm) };
  for (const [key, value] of Object.entries(config)) view[key] = shown(world, key, value);
  return view;
}

/** The configuration as it will be after the next start. */
export function wantedConfig(vm: Vm): VmConfig {
  const config = { ...vm.config };
  for (const [key, value] of Object.entries(vm.pending)) {
    if (value === null) delete config[key];
    else config[key] = value;
  }
  return config;
}

export function pendingView(world: World, vm: Vm): Record<string, ConfigValue>[] {
  const keys = [...new Set([...Object.keys(vm.config), ...Object.keys(vm.pending)])];
  const rows = keys.map((key) => {
    const row: Record<string, ConfigValue> = { key };
    const value = vm.config[key];
    const pending = vm.pending[key];
    if (value !== undefined) row.value = shown(world, key, value);
    if (pending === null) row.delete = 1;
    else if (pending !== undefined) row.pending = shown(world, key, pending);
    return row;
  });
  return [{ key: 'digest', value: digestOf(vm) }, ...rows];
}

/** Size of the first disk, bytes. */
function bootDiskSize(vm: Vm): number {
  const disk = configVolumes(vm.config).find(({ key, drive }) => !key.startsWith('unused') && !isCdrom(drive));
  const size = disk?.drive.options.find(([key]) => key === 'size')?.[1];
  return size === undefined ? 0 : parseSize(size);
}

/** What every list says about a VM; `running` may be older than the truth. */
export function vmFigures(vm: Vm, running: boolean, at: number): Record<string, ConfigValue> {
  const { config } = vm;
  const figures: Record<string, ConfigValue> = {
    vmid: vm.vmid,
    name: config.name ?? `VM ${vm.vmid}`,
    status: running ? 'running' : 'stopped',
    cpu: 0,
    mem: 0,
    maxmem: Number(config.memory ?? 512) * 1024 * 1024,
    disk: 0,
    maxdisk: bootDiskSize(vm),
    uptime: running ? Math.floor((at - vm.runningSince) / 1000) : 0,
    netin: 0,
    netout: 0,
  };
  if (config.lock !== undefined) figures.lock = config.lock;
  if (config.tags !== undefined) figures.tags = config.tags;
  return figures;
}

export function cpuCount(vm: Vm): number {
  return Number(vm.config.sockets ?? 1) * Number(vm.config.cores ?? 1);
}
