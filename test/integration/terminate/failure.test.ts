import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readLog } from '../../../src/records/vm-log.ts';
import { createSite, type Site } from '../../support/site.ts';
import { exists, quick, run, sent, vmidsFrom } from './runs.ts';

const nextVmid = vmidsFrom(2500);

/** The seed, "What happens on failure" and "Guarantees", sentence by sentence. */
describe('What happens on failure', () => {
  let site: Site;
  beforeAll(async () => {
    site = await createSite(quick);
  });
  afterAll(() => site.close());

  const reason = "can't remove VM - protection mode enabled";
  const written = { dedicatedip: '198.51.100.5', assignedips: '2001:db8::5\n198.51.100.6' };
  async function addFailing(service: number) {
    const vmid = nextVmid();
    const addresses = ['198.51.100.5', '2001:db8::5', '198.51.100.6'].map((address) => `${address}`);
    const row = await site.addVm({
      vm: { vmid, running: false },
      service: { id: service, userid: 9, ...written },
      row: { vm_net0_mac: 'BC:24:11:00:00:01', vm_rev_dns: '{"198.51.100.5":"mail.example.com"}' },
    });
    for (const address of addresses) {
      await site.db
        .knex('mod_vmctl_ip_allocations')
        .insert({ address, row_id: row.id, state: 'allocated', allocated_at: site.db.clock.sql() })
        .onConflict('address')
        .merge();
    }
    site.proxmox.faults.add({ method: 'DELETE', path: new RegExp(`/qemu/${vmid}(\\?|$)`), do: 'status', reason });
    return { row, vmid };
  }
  const failed = `Service termination FAILED — admin attention required. Error: ${reason} - Service ID:`;

  it('vm_status is set to error_terminate, the VM record is not cleaned, and the client gets one entry', async () => {
    const { row, vmid } = await addFailing(5550);
    const { said, end, alarms, codes, row: after } = await run(site, row);
    const { vm_name, vm_uuid, domain, vm_net0_mac, vm_rev_dns } = row;
    expect(after).toMatchObject({
      vm_status: 'error_terminate',
      vm_id: vmid,
      node: 'pve1',
      cluster: 'main',
      ...{ vm_name, vm_uuid, domain, vm_net0_mac, vm_rev_dns },
      attempts: 1,
      claim_token: null,
      progress: null,
    });
    const cure =
      'Clear the protection in Proxmox (VM: Options, Protection; backup: its Protected mark) if it should go.';
    expect(after.status_message).toBe(`${reason}. ${cure}`);
    expect(said.slice(-2)).toEqual([`DELETE ERR ${reason}`, cure]);
    expect(end).toBe(`done result=error: ${reason}`);
    expect(alarms).toEqual([`vmctl: sid:5550 is now error_terminate: ${reason}. What to do: ${cure}`]);
    expect(codes).toEqual([3]);
    expect(await site.service(5550)).toEqual({ ...written, domain });
    expect(await site.addresses()).toMatchObject({
      '198.51.100.5': 'allocated',
      '198.51.100.6': 'allocated',
      '2001:db8::5': 'allocated',
    });
    expect(await site.activity()).toEqual([{ description: `${failed} 5550`, userid: 9 }]);
    const [logged] = await readLog(site.db, row.id, 50);
    expect(logged).toMatchObject({ result: 'error', error: reason, to_status: 'error_terminate' });
  });

  it('the cron will not retry by itself, and never writes duplicates on skipped error_terminate rows', async () => {
    const before = [await site.activity(), site.proxmox.log.length];
    for (let tick = 0; tick < 3; tick += 1) expect((await site.tick()).lines).toEqual([]);
    expect([await site.activity(), site.proxmox.log.length]).toEqual(before);
  });

  it('one Activity Log entry per attempt: reset to terminate, fails again, then succeeds and clears the message', async () => {
    const { row, vmid } = await addFailing(5551);
    await run(site, row);
    expect(await site.vmctl(['reset', String(row.id), 'terminate'])).toMatchObject({ code: 0 });
    const again = await run(site, row);
    expect(again.row).toMatchObject({ vm_status: 'error_terminate' });
    expect(again.row.status_message).toContain(reason);
    site.proxmox.faults.clear();
    await site.vmctl(['reset', String(row.id), 'terminate']);
    const { row: after } = await run(site, row);
    expect(after).toMatchObject({ vm_status: 'remove', status_message: null, attempts: 0 });
    expect(exists(site, vmid)).toBe(false);
    expect(await site.service(5551)).toEqual({ dedicatedip: '', assignedips: '', domain: '' });
    const mine = (await site.activity()).filter(({ description }) => description.endsWith('5551'));
    expect(mine.map(({ description }) => description)).toEqual([
      `${failed} 5551`,
      `${failed} 5551`,
      'Service terminated successfully - Service ID: 5551',
    ]);
  });

  it('an attempt that waits and is continued writes one entry', async () => {
    const vmid = nextVmid();
    const vm = { vmid, lock: 'backup', running: false };
    const row = await site.addVm({ vm, service: { id: 5552, userid: 9 } });
    await run(site, row);
    await run(site, row);
    delete site.proxmox.world.vms[vmid]?.config.lock;
    await run(site, row);
    const mine = (await site.activity()).filter(({ description }) => description.endsWith('5552'));
    expect(mine).toEqual([{ description: 'Service terminated successfully - Service ID: 5552', userid: 9 }]);
    expect(await readLog(site.db, row.id, 50)).toHaveLength(1);
  });

  it('addresses are not reassigned before the VM is gone: allocated until then, quarantined afterwards', async () => {
    const vmid = nextVmid();
    const address = '198.51.100.77';
    const states: (string | undefined)[] = [];
    const vm = { vmid, running: false };
    const row = await site.addVm({ vm, addresses: [address], service: { id: 5553 } });
    const running = run(site, row);
    let done = false;
    running.finally(() => {
      done = true;
    });
    while (!done) {
      const state = (await site.addresses())[address];
      // Read after the ledger: what was allocated then had its VM then.
      if (exists(site, vmid)) states.push(state);
    }
    expect(new Set(states)).toEqual(new Set(['allocated']));
    expect((await site.addresses())[address]).toBe('quarantined');
  });

  it('a mistake in vmctl itself concerns one row: it is told with its stack, and the others go on', async () => {
    const [bad, unreadable, good] = [nextVmid(), nextVmid(), nextVmid()];
    const badRow = await site.addVm({
      vm: { vmid: bad, running: false },
      row: {
        progress: JSON.stringify({ run: null, phase: 'checked', wait: 'x', volumes: 5 }),
        progress_for: 'terminate',
      },
    });
    const row = { progress: '{"phase":"from another version"', progress_for: 'terminate' };
    const unreadableRow = await site.addVm({ vm: { vmid: unreadable, running: false }, row });
    const goodRow = await site.addVm({ vm: { vmid: good, running: false } });
    const { alarms, result } = await site.tick();
    expect((await site.row(goodRow.id)).vm_status).toBe('remove');
    expect((await site.row(unreadableRow.id)).vm_status).toBe('remove');
    expect(result.ends.crashed).toBe(1);
    expect(result.codes).toContain(1);
    expect(await site.row(badRow.id)).toMatchObject({ vm_status: 'error_terminate' });
    expect((await site.row(badRow.id)).status_message).toMatch(/^internal error: /);
    expect(alarms.join('\n')).toMatch(/TypeError: .*\n\s+at /s);
  });

  it('a phase that this version does not know is begun anew', async () => {
    const vmid = nextVmid();
    const progress = JSON.stringify({ run: 'a', startedAt: new Date().toISOString(), phase: 'of-tomorrow' });
    const row = await site.addVm({ vm: { vmid, running: false }, row: { progress, progress_for: 'terminate' } });
    expect((await run(site, row)).row.vm_status).toBe('remove');
    expect(sent(site, vmid)).toEqual(['DELETE']);
  });
});
