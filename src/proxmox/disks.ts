import type { VmConfig } from './vm-config.ts';

/** A volume that a VM's configuration names. */
export interface Disk {
  /** Such as `scsi0`, `unused1`. */
  readonly key: string;
  /** Such as `local-lvm:vm-100-disk-0`. */
  readonly volid: string;
  readonly storage: string;
}

const diskKey = /^(?:(?:scsi|virtio|sata|ide|unused)\d+|efidisk0|tpmstate0|vmstate)$/;

/** The ids of the volumes that a VM's configuration names, each once. */
export function volumesOf(config: VmConfig): string[] {
  return [...new Set(disksOf(config).map(({ volid }) => volid))];
}

/** The volumes of a VM, its cloud-init drive among them; inserted ISO images, empty drives and host devices are not. */
export function disksOf(config: VmConfig): Disk[] {
  const disks: Disk[] = [];
  for (const [key, value] of Object.entries(config)) {
    if (!diskKey.test(key)) continue;
    const [first = '', ...options] = value.split(',');
    const volid = first.replace(/^(?:file|volume)=/, '');
    const [, storage] = /^([^:/]+):.+/.exec(volid) ?? [];
    if (storage === undefined) continue;
    if (options.includes('media=cdrom') && !volid.includes('cloudinit')) continue;
    disks.push({ key, volid, storage });
  }
  return disks;
}
