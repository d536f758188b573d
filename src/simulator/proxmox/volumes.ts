import { PveError } from './errors.ts';
import type { Sim } from './sim.ts';
import type { Storage, Volume, World } from './world.ts';

export function volumeKey(volid: string, node: string | null): string {
  return node === null ? volid : `${node}|${volid}`;
}

/** Key of the volume that `volid` names on a node. */
export function keyOn(world: World, node: string, volid: string): string {
  const storage = world.storages[volid.split(':')[0] ?? ''];
  return volumeKey(volid, storage?.shared ? null : node);
}

export function isOnNode(storage: Storage, node: string): boolean {
  return storage.nodes === null || storage.nodes.includes(node);
}

/** The storage, or the refusal. */
export function loadStorage(world: World, id: string, node: string): Storage {
  const storage = world.storages[id];
  if (storage === undefined) throw new PveError(`storage '${id}' does not exist`);
  if (!storage.enabled) throw new PveError(`storage '${id}' is disabled`);
  if (!isOnNode(storage, node)) throw new PveError(`storage '${id}' is not available on node '${node}'`);
  return storage;
}

/** Throws where the storage is configured but not there. */
export function checkActive(storage: Storage): void {
  if (storage.active) return;
  const reason = `directory is expected to be a mount point but is not mounted: '/mnt/pve/${storage.id}'`;
  throw new PveError(`unable to activate storage '${storage.id}' - ${reason}`);
}

function isFileBased(storage: Storage): boolean {
  return storage.type !== 'lvmthin';
}

/** `local:100/vm-100-disk-0.qcow2` on directories, `lvm:vm-100-disk-0` on LVM; a linked clone on a directory carries its base in front. */
function imageVolid(storage: Storage, vmid: number, name: string, base: string | null): string {
  if (!isFileBased(storage)) return `${storage.id}:${name}`;
  const own = `${vmid}/${name}.qcow2`;
  return base === null ? `${storage.id}:${own}` : `${base}/${own}`;
}

/** A new image of a VM: the first `vm-<id>-disk-<n>` that is free, or its cloud-init drive. */
export function allocateImage(
  world: World,
  wanted: {
    storage: Storage;
    node: string;
    vmid: number;
    size: number;
    at: number;
    base?: string;
    cloudInit?: boolean;
  },
): Volume {
  const { storage, node, vmid } = wanted;
  const names = new Set(
    imagesOf(world, vmid).map((volume) => /vm-\d+-[a-z]+(?:-\d+)?/.exec(baseless(volume.volid))?.[0]),
  );
  let number = 0;
  while (names.has(`vm-${vmid}-disk-${number}`)) number += 1;
  const name = wanted.cloudInit ? `vm-${vmid}-cloudinit` : `vm-${vmid}-disk-${number}`;
  const volume: Volume = {
    volid: imageVolid(storage, vmid, name, wanted.base ?? null),
    storage: storage.id,
    node: storage.shared ? null : node,
    vmid,
    content: 'images',
    format: isFileBased(storage) ? 'qcow2' : 'raw',
    size: wanted.size,
    ctime: Math.floor(wanted.at / 1000),
    protected: false,
  };
  world.volumes[volumeKey(volume.volid, volume.node)] = volume;
  return volume;
}

function baseless(volid: string): string {
  return volid.split('/').slice(-1)[0] ?? volid;
}

export function imagesOf(world: World, vmid: number): Volume[] {
  return Object.values(world.volumes).filter((volume) => volume.vmid === vmid && volume.content === 'images');
}

/** A template's image gets another name: `base-<id>-disk-0`. */
export function renameToBase(world: World, volume: Volume): string {
  delete world.volumes[volumeKey(volume.volid, volume.node)];
  volume.volid = volume.volid.replace(/vm-(\d+-disk-\d+)(?=[^/]*$)/, 'base-$1');
  world.volumes[volumeKey(volume.volid, volume.node)] = volume;
  return volume.volid;
}

/** True where a linked clone hangs on this image. LVM clones carry no base in their name, so nobody can tell. */
export function hasLinkedClones(world: World, volid: string): boolean {
  return Object.values(world.volumes).some((volume) => volume.volid.startsWith(`${volid}/`));
}

/** When the storage's lock can be had: a time, or null where the wait would be too long. */
export function storageLockAt(sim: Sim, storage: Storage, at: number): number | null {
  if (storage.busyUntil - at > sim.timing.flockWait) return null;
  return Math.max(at, storage.busyUntil);
}
