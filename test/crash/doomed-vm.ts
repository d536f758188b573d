import type { VmRow } from '../../src/records/vm-row.ts';
import type { GatedSite } from './gated-site.ts';

const forward = 'example.com';
const reverse = '2.0.192.in-addr.arpa';
export const zones = [forward, reverse];

/** A running VM with everything that a terminate takes away, and its row in `terminate`. */
export interface DoomedVm {
  readonly row: VmRow;
  readonly vmid: number;
  readonly address: string;
  readonly serviceId: number;
}

function pointerOf(address: string): string {
  return `${address.split('.').at(-1)}.${reverse}`;
}

/** @param n from 1; every other number is another VMID, address and service. */
export async function addDoomedVm(site: GatedSite, n: number): Promise<DoomedVm> {
  const vmid = 2000 + n;
  const address = `192.0.2.${(n % 250) + 1}`;
  const name = `${vmid}-1776530141`;
  const host = `${name}.${forward}.`;
  await site.dns.zone(forward).put({ name: host, type: 'A', ttl: 300, records: [{ content: address }] });
  await site.dns
    .zone(reverse)
    .put({ name: `${pointerOf(address)}.`, type: 'PTR', ttl: 300, records: [{ content: host }] });
  const row = await site.addVm({
    vm: { vmid, name, guest: { shutdownMs: 2_000 } },
    addresses: [address],
    service: { id: 5000 + n, userid: 7 },
  });
  site.proxmox.addBackup({ vmid, at: 1_776_530_000_000 });
  return { row, vmid, address, serviceId: 5000 + n };
}

/** What is there of a VM, wherever vmctl writes. */
export async function lookAt(site: GatedSite, { row, vmid, address, serviceId }: DoomedVm) {
  const { db, proxmox } = site;
  const { world, log } = proxmox;
  const now = await site.row(row.id);
  const [held] = await db.knex('mod_vmctl_ip_allocations').where({ address });
  const [vmidHeld] = await db.knex('mod_vmctl_vmid_allocations').where({ vmid });
  const runs = await db.knex('mod_vmctl_log_runs').where({ row_id: row.id });
  const activity = await db.knex('tblactivitylog').where('description', 'like', `%Service ID: ${serviceId}`);
  const destroys = world.tasks.filter((task) => task.type === 'qmdestroy' && task.id === String(vmid));
  const deletes = log.filter(({ method, path }) => method === 'DELETE' && path.endsWith(`/qemu/${vmid}`));
  return {
    status: now.vm_status,
    message: now.status_message,
    identity: [now.node, now.vm_id, now.vm_name, now.vm_uuid, now.vm_net0_mac, now.vm_rev_dns, now.domain].filter(
      (value) => value !== null,
    ),
    claim: now.claim_token,
    progress: now.progress,
    address: held?.state,
    addressReleased: held?.released_at != null,
    vmidState: vmidHeld?.state,
    service: await site.service(serviceId),
    activity: activity.map(({ description, userid }) => `${userid} ${description}`),
    runs: runs.map(({ result, to_status, finished_at }) => [result, to_status, finished_at !== null]),
    vm: world.vms[vmid] !== undefined,
    volumes: Object.values(world.volumes).filter((volume) => volume.vmid === vmid).length,
    destroys: destroys.map(({ exitstatus }) => exitstatus),
    deletesRefused: deletes.filter(({ status }) => status >= 400).map(({ reason }) => reason),
    records: [await site.dns.zone(forward).records(), await site.dns.zone(reverse).records()]
      .flatMap((zone) => Object.keys(zone))
      .filter((name) => name === `${vmid}-1776530141.${forward} A` || name === `${pointerOf(address)} PTR`),
  };
}

/** The end of a terminate that nothing disturbed. */
export function gone({ serviceId }: DoomedVm): Awaited<ReturnType<typeof lookAt>> {
  return {
    status: 'remove',
    message: null,
    identity: [],
    claim: null,
    progress: null,
    address: 'quarantined',
    addressReleased: true,
    vmidState: 'quarantined',
    service: { dedicatedip: '', assignedips: '', domain: '' },
    activity: [`7 Service terminated successfully - Service ID: ${serviceId}`],
    runs: [['success', 'remove', true]],
    vm: false,
    volumes: 0,
    destroys: ['OK'],
    deletesRefused: [],
    records: [],
  };
}

/** What all ticks leave behind when they have ended: nothing that is taken. */
export async function leftByTicks({ db }: GatedSite): Promise<Record<string, number>> {
  const count = async (table: string, column: string) => {
    const [row] = await db.knex(table).whereNotNull(column).count({ n: '*' });
    return Number(row?.n);
  };
  return {
    ticks: await count('mod_vmctl_ticks', 'id'),
    claims: await count(db.vmTable, 'claim_token'),
    duties: await count('mod_vmctl_duties', 'claim_token'),
    slots: await count('mod_vmctl_slots', 'claim_token'),
    deletions: await count('mod_vmctl_dns_deletions', 'id'),
  };
}
export const nothingLeft = { ticks: 0, claims: 0, duties: 0, slots: 0, deletions: 0 };
