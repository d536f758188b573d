import type { ConfigValue, VmConfig } from './world.ts';

/** `scsi0: local:100/vm-100-disk-0.qcow2,size=32G` taken apart. */
export interface Drive {
  volid: string;
  options: [string, string][];
}

function numbered(bus: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${bus}${index}`);
}

/** Every key of a configuration that can hold a drive. */
export const driveKeys = [
  ...numbered('ide', 4),
  ...numbered('scsi', 31),
  ...numbered('virtio', 16),
  ...numbered('sata', 6),
  'efidisk0',
  'tpmstate0',
];

const isDrive = new Set(driveKeys);

export function isDriveKey(key: string): boolean {
  return isDrive.has(key);
}

export function parseDrive(value: ConfigValue): Drive {
  const [volid = '', ...rest] = String(value).split(',');
  return {
    volid: volid.replace(/^file=/, ''),
    options: rest.map((option) => {
      const [key = '', ...text] = option.split('=');
      return [key, text.join('=')];
    }),
  };
}

export function formatDrive(drive: Drive): string {
  return [drive.volid, ...drive.options.map(([key, value]) => `${key}=${value}`)].join(',');
}

export function isCdrom(drive: Drive): boolean {
  return drive.options.some(([key, value]) => key === 'media' && value === 'cdrom');
}

export function isCloudInit(drive: Drive): boolean {
  return /[-:]cloudinit(?:\.|$)/.test(drive.volid);
}

/** Every volume a configuration names, detached ones too; no empty CD drives. */
export function configVolumes(config: VmConfig): { key: string; drive: Drive }[] {
  return Object.entries(config)
    .filter(([key]) => isDriveKey(key) || /^unused\d+$/.test(key))
    .map(([key, value]) => ({ key, drive: parseDrive(value) }))
    .filter(({ drive }) => drive.volid.includes(':'));
}

const units: Record<string, number> = { '': 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3, T: 1024 ** 4 };

/** `10G` in bytes. */
export function parseSize(text: string): number {
  const [, number = '0', unit = ''] = /^(\d+(?:\.\d+)?)([KMGT]?)$/.exec(text) ?? [];
  return Number(number) * (units[unit] ?? 1);
}

/** Bytes as Proxmox writes them: the largest unit that divides. */
export function formatSize(bytes: number): string {
  const unit = ['T', 'G', 'M', 'K'].find((name) => bytes % (units[name] ?? 1) === 0);
  return unit === undefined ? String(bytes) : `${bytes / (units[unit] ?? 1)}${unit}`;
}
