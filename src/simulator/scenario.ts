import { formatSize } from './proxmox/disks.ts';
import { lifecyclePrivileges } from './proxmox/privileges.ts';
import { randomMac, randomUuid } from './proxmox/random.ts';
import type { Timing } from './proxmox/timing.ts';
import { allocateImage, renameToBase, volumeKey } from './proxmox/volumes.ts';
import type { Guest, Storage, Vm, VmConfig, Volume, World } from './proxmox/world.ts';

/** A VM, as much of it as matters; the rest is made up: name, MAC, smbios uuid, one disk on the first storage for images. */
export interface VmSpec {
  vmid: number;
  /** The first node. */
  node?: string;
  name?: string;
  description?: string;
  uuid?: string;
  /** The first storage that takes images. */
  storage?: string;
  /** Bytes of its one disk; 10 GiB. */
  diskSize?: number;
  running?: boolean;
  template?: boolean;
  lock?: string;
  protection?: boolean;
  /** Further options of the configuration; they win. */
  config?: VmConfig;
  guest?: Partial<Guest>;
  ha?: boolean;
  replicated?: boolean;
  pool?: string;
}

export interface BackupSpec {
  vmid: number;
  storage?: string;
  node?: string;
  /** Milliseconds on the clock. */
  at: number;
  protected?: boolean;
  notes?: string;
  /** smbios uuid of its owner; default: that of the VM that now has the VMID. `null`: none in its configuration. */
  uuid?: string | null;
}

export interface TokenSpec {
  /** `user@realm!name`; the user is made if he is not there. */
  id: string;
  secret?: string;
  privsep?: boolean;
  /** Seconds since the epoch; 0: never. */
  expire?: number;
  /** Granted to user and token; default: everything vmctl needs, on `/`. */
  acl?: { path: string; privileges: string[] }[];
}

export interface UserSpec {
  userid: string;
  password: string;
  acl?: { path: string; privileges: string[] }[];
}

function firstNode(world: World): string {
  const [name] = Object.keys(world.nodes);
  if (name === undefined) throw new Error('the simulated cluster has no node');
  return name;
}

function storageFor(world: World, content: string, id: string | undefined): Storage {
  const storage = Object.values(world.storages).find((candidate) =>
    id === undefined ? candidate.content.includes(content) : candidate.id === id,
  );
  if (storage === undefined) throw new Error(`the simulated cluster has no storage ${id ?? `for ${content}`}`);
  return storage;
}

/** Puts a VM into the world, with its disk. */
export function addVm(world: World, spec: VmSpec, at: number, timing: Timing): Vm {
  const node = spec.node ?? firstNode(world);
  const storage = storageFor(world, 'images', spec.storage);
  const size = spec.diskSize ?? 10 * 1024 ** 3;
  const vmid = spec.vmid;
  const disk = allocateImage(world, { storage, node, vmid, size, at });
  if (spec.template) renameToBase(world, disk);
  const config: VmConfig = {
    name: spec.name ?? `vm${vmid}`,
    memory: '2048',
    cores: 2,
    ostype: 'l26',
    scsihw: 'virtio-scsi-single',
    boot: 'order=scsi0',
    scsi0: `${disk.volid},size=${formatSize(size)}`,
    net0: `virtio=${randomMac(world)},bridge=vmbr0,firewall=1`,
    smbios1: `uuid=${spec.uuid ?? randomUuid(world)}`,
    vmgenid: randomUuid(world),
    ...(spec.description === undefined ? {} : { description: spec.description }),
    ...(spec.template ? { template: 1 } : {}),
    ...(spec.lock === undefined ? {} : { lock: spec.lock }),
    ...(spec.protection ? { protection: 1 } : {}),
    ...spec.config,
  };
  const vm: Vm = {
    vmid,
    node,
    config,
    pending: {},
    running: spec.running === true,
    runningSince: at,
    before: spec.running === true,
    changedAt: 0,
    createdAt: 0,
    guest: { shutdownMs: timing.guestShutdown, agent: true, ...spec.guest },
    poweroffAt: null,
    ha: spec.ha ? { state: spec.running ? 'started' : 'stopped', actAt: null, timeout: 0 } : null,
    replicated: spec.replicated === true,
    pool: spec.pool ?? null,
  };
  world.vms[vmid] = vm;
  if (spec.pool !== undefined && !world.pools.includes(spec.pool)) world.pools.push(spec.pool);
  return vm;
}

/** Puts a backup into the world, as vzdump names and describes it. */
export function addBackup(world: World, spec: BackupSpec): Volume {
  const storage = storageFor(world, 'backup', spec.storage);
  const vm = world.vms[spec.vmid];
  const node = storage.shared ? null : (spec.node ?? vm?.node ?? firstNode(world));
  const stamp = new Date(spec.at).toISOString().replace(/^(\d+)-(\d+)-(\d+)T(\d+):(\d+):(\d+).*$/, '$1_$2_$3-$4_$5_$6');
  const smbios = spec.uuid === undefined ? vm?.config.smbios1 : spec.uuid === null ? undefined : `uuid=${spec.uuid}`;
  const config: VmConfig = { ...vm?.config };
  delete config.smbios1;
  if (smbios !== undefined) config.smbios1 = smbios;
  const volume: Volume = {
    volid: `${storage.id}:backup/vzdump-qemu-${spec.vmid}-${stamp}.vma.zst`,
    storage: storage.id,
    node,
    vmid: spec.vmid,
    content: 'backup',
    format: 'vma.zst',
    size: 1024 ** 3,
    ctime: Math.floor(spec.at / 1000),
    protected: spec.protected === true,
    ...(spec.notes === undefined ? {} : { notes: spec.notes }),
    config: configText(config),
  };
  world.volumes[volumeKey(volume.volid, volume.node)] = volume;
  return volume;
}

/** A configuration as its file looks: the description as comments in front. */
function configText(config: VmConfig): string {
  const { description, ...options } = config;
  const comment =
    description === undefined
      ? []
      : String(description)
          .split('\n')
          .map((line) => `#${encodeURI(line)}`);
  const lines = Object.keys(options)
    .sort()
    .map((key) => `${key}: ${options[key]}`);
  return [...comment, ...lines, ''].join('\n');
}

/** Makes a token, its user, and their rights. `header` is the value of its Authorization header. */
export function addToken(world: World, spec: TokenSpec): { id: string; secret: string; header: string } {
  const userid = spec.id.split('!')[0] ?? spec.id;
  const secret = spec.secret ?? randomUuid(world);
  const privsep = spec.privsep ?? true;
  world.users[userid] ??= { userid, password: null, enabled: true };
  world.tokens[spec.id] = { id: spec.id, secret, privsep, expire: spec.expire ?? 0 };
  grant(world, userid, spec.acl);
  if (privsep) grant(world, spec.id, spec.acl);
  return { id: spec.id, secret, header: `PVEAPIToken=${spec.id}=${secret}` };
}

/** Makes a user who logs in with a password. */
export function addUser(world: World, spec: UserSpec): void {
  world.users[spec.userid] = { userid: spec.userid, password: spec.password, enabled: true };
  grant(world, spec.userid, spec.acl);
}

function grant(world: World, subject: string, acl: TokenSpec['acl']): void {
  for (const { path, privileges } of acl ?? [{ path: '/', privileges: lifecyclePrivileges }]) {
    const had = world.acl.find((entry) => entry.subject === subject && entry.path === path);
    if (had === undefined) world.acl.push({ subject, path, privileges: [...privileges], propagate: true });
    else had.privileges = [...new Set([...had.privileges, ...privileges])];
  }
}
