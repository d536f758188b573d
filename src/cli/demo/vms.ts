export const domain = 'puqcloud.com';
export const reverseV4 = '130.168.192.in-addr.arpa';
export const reverseV6 = '8.b.d.0.1.0.0.2.ip6.arpa';

export interface DemoVm {
  readonly service: number;
  readonly vmid: number;
  readonly name: string;
  readonly uuid: string;
  readonly node: string;
  readonly status: string;
  readonly v4: string;
  readonly v6?: { readonly address: string; readonly reverse: string };
  /** Time from the shutdown request to off. */
  readonly guestMs: number;
  readonly backups: number;
}

/** One to terminate with everything a VM can have, one whose DELETE fails, one that lives on. */
export const demoVms: readonly DemoVm[] = [
  {
    service: 5546,
    vmid: 2003,
    name: '5546-1776530141',
    uuid: '5f0f6a3e-3d5f-4f43-9a44-5b6c7d8e9f01',
    node: 'pve-waw2',
    status: 'terminate',
    v4: '192.168.130.6',
    v6: { address: '2001:db8::6', reverse: `6.${'0.'.repeat(23)}${reverseV6}` },
    guestMs: 42_000,
    backups: 2,
  },
  {
    service: 5551,
    vmid: 2005,
    name: '5551-1776530477',
    uuid: '5f0f6a3e-3d5f-4f43-9a44-5b6c7d8e9f02',
    node: 'pve-waw1',
    status: 'terminate',
    v4: '192.168.130.7',
    guestMs: 8_000,
    backups: 0,
  },
  {
    service: 5560,
    vmid: 2007,
    name: '5560-1776531002',
    uuid: '5f0f6a3e-3d5f-4f43-9a44-5b6c7d8e9f03',
    node: 'pve-waw1',
    status: 'ready',
    v4: '192.168.130.8',
    guestMs: 8_000,
    backups: 1,
  },
];
