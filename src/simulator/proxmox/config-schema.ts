import { isDriveKey } from './disks.ts';
import { count, digestRule, dnsName, flag, type Rule, type Schema, text } from './schema.ts';

/** Options of a VM, with the privilege that changing each needs and what its value may look like. */
interface Option {
  privilege: string;
  rule: Rule;
}

const anyNumber: Rule = { kind: 'number', min: 0, max: 128 };
const positive: Rule = { kind: 'integer', min: 1 };
const memory: Rule = { kind: 'string', format: (value) => wrongMemory(value) };
const tags: Rule = {
  kind: 'string',
  format: (value) =>
    /^[\w.+\-;, ]*$/.test(value) && !/!/.test(value) ? null : 'invalid format - invalid characters in tag\n',
};
const sshKeys: Rule = {
  kind: 'string',
  format: (value) =>
    /^(?:[\w.~!'()*-]|%[0-9A-Fa-f]{2})*$/.test(value) ? null : `invalid format - invalid urlencoded string: ${value}\n`,
};

function wrongMemory(value: string): string | null {
  const head = 'invalid format - format error\nmemory.current:';
  if (!/^\d+$/.test(value)) return `${head} type check ('integer') failed - got '${value}'\n`;
  return Number(value) < 16 ? `${head} value must have a minimum value of 16\n` : null;
}

function options(privilege: string, rules: Record<string, Rule>): [string, Option][] {
  return Object.entries(rules).map(([key, rule]) => [key, { privilege, rule }]);
}

const table = new Map<string, Option>([
  ...options('VM.Config.CPU', {
    cores: positive,
    sockets: positive,
    vcpus: positive,
    cpu: text,
    cpulimit: anyNumber,
    cpuunits: positive,
    numa: flag,
    affinity: text,
  }),
  ...options('VM.Config.Memory', { memory, balloon: count, shares: count }),
  ...options('VM.Config.Cloudinit', {
    ciuser: text,
    cipassword: text,
    sshkeys: sshKeys,
    nameserver: text,
    searchdomain: text,
    citype: text,
    ciupgrade: flag,
    cicustom: text,
  }),
  ...options('VM.Config.HWType', {
    smbios1: { kind: 'string', maxLength: 512 },
    scsihw: text,
    machine: text,
    vga: text,
    hotplug: text,
    rng0: text,
    serial0: text,
    vmgenid: text,
    bios: text,
    meta: text,
    kvm: flag,
    tablet: flag,
    acpi: flag,
  }),
  ...options('VM.Config.Options', {
    name: dnsName,
    description: { kind: 'string', maxLength: 8192 },
    onboot: flag,
    protection: flag,
    agent: text,
    ostype: text,
    startup: text,
    tags,
    autostart: flag,
    localtime: flag,
    freeze: flag,
  }),
  ...options('VM.Config.Disk', { boot: text, bootdisk: text }),
  // Refused in the code with a text of their own.
  ...options('VM.Config.Options', { args: text, lock: text, template: flag }),
]);

const families: [RegExp, Option][] = [
  [/^net\d+$/, { privilege: 'VM.Config.Network', rule: { kind: 'string', format: wrongNet } }],
  [/^ipconfig\d+$/, { privilege: 'VM.Config.Network', rule: text }],
  [/^unused\d+$/, { privilege: 'VM.Config.Disk', rule: text }],
];

const netOptions = new Set([
  'bridge',
  'firewall',
  'link_down',
  'macaddr',
  'model',
  'mtu',
  'queues',
  'rate',
  'tag',
  'trunks',
]);
const netModels = /^(?:virtio|e1000|e1000e|vmxnet3|rtl8139)$/;

function wrongNet(value: string, net: string): string | null {
  const keys = value.split(',').map((part) => part.split('=')[0] ?? '');
  const bad = keys.find((key) => !netOptions.has(key) && !netModels.test(key));
  if (bad === undefined) return null;
  const reason = 'property is not defined in schema and the schema does not allow additional properties';
  return `invalid format - format error\n${net}.${bad}: ${reason}\n`;
}

export function vmOption(key: string): Option | undefined {
  const known = table.get(key) ?? families.find(([pattern]) => pattern.test(key))?.[1];
  if (known !== undefined) return known;
  return isDriveKey(key) ? { privilege: 'VM.Config.Disk', rule: text } : undefined;
}

/** Parameters of `PUT` and `POST config`. */
export const configSchema: Schema = {
  rules: { delete: text, revert: text, digest: digestRule, force: flag, skiplock: flag, background_delay: positive },
  family: (key) => vmOption(key)?.rule,
};

/** What goes along with the options and is none itself. */
export const configControls = new Set(Object.keys(configSchema.rules));

export const configPrivileges = [
  'VM.Config.Disk',
  'VM.Config.CDROM',
  'VM.Config.CPU',
  'VM.Config.Memory',
  'VM.Config.Network',
  'VM.Config.HWType',
  'VM.Config.Options',
  'VM.Config.Cloudinit',
];
