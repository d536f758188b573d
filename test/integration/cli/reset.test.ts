import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allStates, resetTargets } from '../../../src/lifecycle/states.ts';
import { resetRow } from '../../../src/records/operator.ts';
import type { VmRow } from '../../../src/records/vm-row.ts';
import { createSite, type Site } from '../../support/site.ts';

let site: Site;
let vmid = 2000;
beforeAll(async () => {
  site = await createSite();
});
afterAll(() => site.close());

/** A row in the middle of trouble: everything that a pipeline remembers is set. */
async function addRow(row: Partial<VmRow> = {}): Promise<VmRow> {
  vmid += 1;
  return site.addVm({
    vm: { vmid },
    addresses: [`192.0.2.${vmid - 2000}`],
    service: { id: vmid, userid: 7 },
    row: {
      vm_status: 'error_terminate',
      status_message: 'lvremove said no',
      progress: JSON.stringify({ phase: 'stopped', run: 'r' }),
      progress_for: 'terminate',
      attempts: 3,
      next_attempt_at: '2999-01-01 00:00:00',
      ...row,
    },
  });
}

const cleared = {
  status_message: null,
  progress: null,
  progress_for: null,
  attempts: 0,
  next_attempt_at: null,
  claim_token: null,
};

/** The fields by which the VM is known. */
function identity({ cluster, node, vm_id, vm_name, vm_uuid, domain }: VmRow): Partial<VmRow> {
  return { cluster, node, vm_id, vm_name, vm_uuid, domain };
}

describe('Reset VM Status', () => {
  it.each(Object.keys(resetTargets))(
    '%s: sets the state, clears what the pipeline remembered, keeps who the VM is',
    async (target) => {
      const row = await addRow();
      const address = `192.0.2.${vmid - 2000}`;
      const service = await site.service(vmid);
      const requests = site.proxmox.log.length;
      const { code, stdout, stderr } = await site.vmctl(['reset', `vmid:${vmid}`, target]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout.split('\n')[0]).toBe(`row ${row.id}: error_terminate → ${target}`);
      expect(await site.row(row.id)).toMatchObject({ vm_status: target, ...cleared, ...identity(row) });
      expect(site.proxmox.log).toHaveLength(requests);
      expect(await site.service(vmid)).toEqual(service);
      expect((await site.addresses())[address]).toBe(target === 'remove' ? 'quarantined' : 'allocated');
    },
  );

  it('every target can be reached from every state', async () => {
    const row = await addRow();
    for (const from of allStates) {
      for (const target of Object.keys(resetTargets)) {
        await site.db.knex(site.db.vmTable).where({ id: row.id }).update({ vm_status: from });
        expect(await resetRow(site.db, { ...row, vm_status: from }, target, false)).toBe('done');
        expect((await site.row(row.id)).vm_status).toBe(target);
      }
    }
  });

  it('terminate: re-queues the termination, and the next tick does it', async () => {
    const row = await addRow();
    await site.vmctl(['reset', String(row.id), 'terminate']);
    expect(await site.vmctl(['cron', '--only', String(row.id)])).toMatchObject({ code: 0, stderr: '' });
    expect(await site.row(row.id)).toMatchObject({ vm_status: 'remove', vm_id: null });
    expect(site.proxmox.world.vms[vmid]).toBeUndefined();
  });

  it('remove: does not touch Proxmox, says so, and frees nothing: the quarantine waits for proof', async () => {
    const row = await addRow();
    const { stdout } = await site.vmctl(['reset', String(row.id), 'remove']);
    expect(stdout).toContain('Proxmox was not touched');
    expect(stdout).toContain('quarantine');
    expect(site.proxmox.world.vms[vmid]?.running).toBe(true);
    const held = { row_id: row.id, state: 'quarantined', released_at: null };
    expect(await site.db.knex('mod_vmctl_ip_allocations').where({ row_id: row.id })).toMatchObject([held]);
    expect(await site.db.knex('mod_vmctl_vmid_allocations').where({ row_id: row.id })).toMatchObject([
      { ...held, vmid },
    ]);
  });
});

describe('a row that a tick is working on', () => {
  const tick = '11111111-1111-4111-8111-111111111111';
  beforeAll(async () => {
    const { knex, clock } = site.db;
    const alive = { started_at: clock.sql(), alive_until: clock.sql(3_600_000) };
    await knex('mod_vmctl_ticks').insert({ id: tick, host: 'panel-2', pid: 4711, ...alive });
  });

  it.each([
    ['reset', ['terminate']],
    ['delete-record', ['--yes']],
  ])('is refused by %s with 12, and the tick is named', async (command, rest) => {
    const row = await addRow({ claim_token: tick });
    const { code, stdout, stderr } = await site.vmctl([command, String(row.id), ...rest]);
    expect({ code, stdout }).toEqual({ code: 12, stdout: '' });
    expect(stderr).toContain('a tick is working on it (process 4711 on panel-2, since ');
    expect(await site.row(row.id)).toEqual(row);
  });

  it('is taken from it by reset --force', async () => {
    const row = await addRow({ claim_token: tick });
    expect(await site.vmctl(['reset', String(row.id), 'ready', '--force'])).toMatchObject({ code: 0, stderr: '' });
    expect(await site.row(row.id)).toMatchObject({ vm_status: 'ready', ...cleared });
  });

  it('of a tick that died is nobody’s: reset takes it', async () => {
    const row = await addRow({ claim_token: '22222222-2222-4222-8222-222222222222' });
    expect(await site.vmctl(['reset', String(row.id), 'ready'])).toMatchObject({ code: 0 });
    expect(await site.row(row.id)).toMatchObject({ vm_status: 'ready', claim_token: null });
  });
});

describe('Delete Record', () => {
  it.each(['error_terminate', 'remove'])(
    'removes a row in %s; Proxmox and tblhosting are not touched, its address and VMID are quarantined',
    async (vm_status) => {
      const row = await addRow({ vm_status });
      const service = await site.service(vmid);
      const requests = site.proxmox.log.length;
      const { code, stdout, stderr } = await site.vmctl(['delete-record', String(row.id), '--yes']);
      expect(code).toBe(0);
      expect(stderr).toContain('It does not touch Proxmox or tblhosting: a VM that still exists goes on running.');
      expect(stdout).toMatch(new RegExp(`^row ${row.id} deleted; its addresses and VMID stay in quarantine`));
      expect(await site.db.knex(site.db.vmTable).where({ id: row.id })).toEqual([]);
      expect(site.proxmox.log).toHaveLength(requests);
      expect(site.proxmox.world.vms[vmid]?.running).toBe(true);
      expect(await site.service(vmid)).toEqual(service);
      expect(service.dedicatedip).toBe(`192.0.2.${vmid - 2000}`);
      expect((await site.addresses())[`192.0.2.${vmid - 2000}`]).toBe('quarantined');
    },
  );
});
