import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSite, type Site } from '../../support/site.ts';
import { exists, quick, run, sent, vmidsFrom } from './runs.ts';

const nextVmid = vmidsFrom(4000);
const zone = '2.0.192.in-addr.arpa';
const other = '7d2c1c1e-4c53-4d0e-9a3c-0b6f1f0a9e11';

describe.each(['mysql', 'sqlite'] as const)('Identity and refusals on %s', (database) => {
  let site: Site;
  beforeAll(async () => {
    const env = { ...quick.env, PROXMOX_TEMPLATE_ID: '9000' };
    site = await createSite({ ...quick, env, database, zones: [zone] });
  });
  afterAll(() => site.close());

  /** A running VM with a backup and a PTR: everything that a terminate would remove. */
  async function addAll(options: Parameters<Site['addVm']>[0]): Promise<{ id: number; vmid: number; address: string }> {
    const vmid = options.vm?.vmid ?? nextVmid();
    const address = `192.0.2.${(vmid % 200) + 1}`;
    const row = await site.addVm({ ...options, vm: { ...options.vm, vmid }, addresses: [address] });
    site.proxmox.addBackup({ vmid, at: Date.now() - 86_400_000 });
    await site.dns.zone(zone).put({
      name: `${(vmid % 200) + 1}.${zone}.`,
      type: 'PTR',
      ttl: 300,
      records: [{ content: 'somebody.example.com.' }],
    });
    return { id: row.id, vmid, address };
  }

  /** Runs the row and proves that nothing of the VM under its VMID was touched. */
  async function refused({ id, vmid, address }: { id: number; vmid: number; address: string }): Promise<string> {
    const { said, row, codes } = await run(site, { id });
    expect(row).toMatchObject({ vm_status: 'error_terminate', vm_id: vmid, attempts: 1 });
    expect(sent(site, vmid)).toEqual([]);
    expect(site.proxmox.world.vms[vmid]).toBeDefined();
    expect(Object.values(site.proxmox.world.volumes).filter((volume) => volume.vmid === vmid)).toHaveLength(2);
    expect(await site.dns.zone(zone).records()).toHaveProperty([`${(vmid % 200) + 1}.${zone} PTR`]);
    expect(await site.addresses()).toMatchObject({ [address]: 'allocated' });
    expect(said.some((line) => /removing|deleting|DELETE|stop request/.test(line))).toBe(false);
    expect(codes).toEqual([3]);
    return row.status_message ?? '';
  }

  it.concurrent('a VMID with another uuid: error_terminate names both, and the other VM is untouched', async () => {
    const all = await addAll({ row: { vm_uuid: other } });
    const message = await refused(all);
    const real = /uuid=([0-9a-f-]+)/.exec(String(site.proxmox.world.vms[all.vmid]?.config.smbios1))?.[1];
    expect(message).toContain(`the uuid of VM ${all.vmid} is ${real}, that of its row ${other}`);
    expect(message).toContain(`vmctl reset ${all.id} remove`);
  });

  it.concurrent('a row without a uuid: the name decides', async () => {
    const all = await addAll({ row: { vm_uuid: null, vm_name: '5546-1776530141' } });
    expect(await refused(all)).toContain(`the name of VM ${all.vmid} is ${all.vmid}-1776530141, that of its row 5546`);
    const vmid = nextVmid();
    const { row } = await run(site, await site.addVm({ vm: { vmid, running: false }, row: { vm_uuid: null } }));
    expect(row.vm_status).toBe('remove');
  });

  it.concurrent('a row without uuid and name: never without a passed identity check', async () => {
    const all = await addAll({ row: { vm_uuid: null, vm_name: null } });
    expect(await refused(all)).toContain(`VM ${all.vmid} cannot be identified`);
  });

  it.concurrent('the uuid decides, whatever the VM is called by now and however the uuid is written', async () => {
    const vmid = nextVmid();
    const vm = { vmid, running: false, name: 'renamed', uuid: other };
    const { row } = await run(site, await site.addVm({ vm, row: { vm_name: 'old', vm_uuid: other.toUpperCase() } }));
    expect(row.vm_status).toBe('remove');
  });

  it.concurrent.each([
    ['protection', { protection: true }, 'protection mode enabled', 'Clear the protection in Proxmox'],
    ['lock: destroyed', { lock: 'destroyed', running: false }, 'VM is locked (destroyed)', '--skiplock'],
    ['a template', { template: true, running: false }, 'the VM is a template', 'check the VMID of the row'],
  ] as const)('%s: error_terminate with the cure, and nothing is removed', async (_, vm, reason, cure) => {
    const message = await refused(await addAll({ vm: { ...vm, vmid: nextVmid() } }));
    expect(message).toContain(reason);
    expect(message).toContain(cure);
  });

  it.concurrent('a configured template is never touched, whatever its configuration says', async () => {
    expect(await refused(await addAll({ vm: { vmid: 9000 } }))).toContain('VM 9000 is a template of main');
  });

  it.concurrent('a half-destroyed VM, with nothing left to identify it by: the cure is named', async () => {
    const vmid = nextVmid();
    const row = await site.addVm({ vm: { vmid, running: false } });
    const vm = site.proxmox.world.vms[vmid];
    if (vm) vm.config = { lock: 'destroyed' };
    const { row: after } = await run(site, row);
    expect(after.vm_status).toBe('error_terminate');
    expect(after.status_message).toContain(`root finishes it on pve1: qm destroy ${vmid} --skiplock`);
    expect(exists(site, vmid)).toBe(true);
  });

  it.concurrent('no VMID: success, with nothing sent', async () => {
    const row = await site.addVm({ vm: { vmid: nextVmid() }, row: { vm_id: null } });
    const { said, end, row: after } = await run(site, row);
    expect(said).toEqual(['no VM to delete', 'deleting DNS records']);
    expect(end).toBe('done result=success');
    expect(after.vm_status).toBe('remove');
  });

  it.concurrent('gone already: success, and its own backups go', async () => {
    const { id, vmid } = await addAll({});
    delete site.proxmox.world.vms[vmid];
    const { said, row } = await run(site, { id });
    expect(said).toEqual([
      `remote status: gone, vmid: ${vmid}`,
      'removing backups',
      'backups removed',
      'deleting DNS records',
      expect.stringMatching(/^rev-del OK/),
      'VM already gone',
    ]);
    expect(row.vm_status).toBe('remove');
    expect(sent(site, vmid)).toEqual([]);
    const left = Object.values(site.proxmox.world.volumes).filter((volume) => volume.vmid === vmid);
    expect(left.map(({ content }) => content)).not.toContain('backup');
  });
});
