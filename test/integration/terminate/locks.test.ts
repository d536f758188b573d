import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSite, type Site } from '../../support/site.ts';
import { createHooks, exists, pause, quick, run, sent, vmidsFrom } from './runs.ts';

const nextVmid = vmidsFrom(3000);

describe.each(['mysql', 'sqlite'] as const)('Locks on %s', (database) => {
  let site: Site;
  const hooks = createHooks();
  beforeAll(async () => {
    const env = { ...quick.env, LOCK_WAIT_MINUTES: '2' };
    site = await createSite({ ...quick, env, database, simulator: { onRequest: hooks.onRequest } });
  });
  afterAll(() => site.close());

  function setLock(vmid: number, lock: string | undefined): void {
    const config = site.proxmox.world.vms[vmid]?.config;
    if (lock === undefined) delete config?.lock;
    else if (config) config.lock = lock;
  }

  it.concurrent.each(['backup', 'clone', 'migrate', 'snapshot'])(
    'lock %s: the attempt does not start, says so, counts nothing, and goes on when the lock is gone',
    async (lock) => {
      const vmid = nextVmid();
      const row = await site.addVm({ vm: { vmid, lock } });
      const waiting = await run(site, row);
      const why = `VM is locked (${lock}), waited 0 of 2 minutes`;
      expect(waiting).toMatchObject({ said: [why], end: `waiting: ${why}`, alarms: [], codes: [] });
      expect(waiting.row).toMatchObject({
        vm_status: 'terminate',
        status_message: why,
        attempts: 0,
        claim_token: null,
        next_attempt_at: expect.any(String),
      });
      expect(sent(site, vmid)).toEqual([]);
      setLock(vmid, undefined);
      const { row: after } = await run(site, row);
      expect(after).toMatchObject({ vm_status: 'remove', status_message: null });
    },
  );

  it.concurrent('a lock that stays ends in error_terminate after LOCK_WAIT_MINUTES, with nothing sent', async () => {
    const vmid = nextVmid();
    const row = await site.addVm({ vm: { vmid, lock: 'backup' } });
    await run(site, row);
    await pause(121_000);
    const { end, row: after } = await run(site, row);
    expect(end).toBe('done result=error: VM is locked (backup), waited 2 of 2 minutes');
    expect(after).toMatchObject({ vm_status: 'error_terminate', attempts: 1 });
    expect(after.status_message).toContain(`on its node: qm unlock ${vmid}`);
    expect(sent(site, vmid)).toEqual([]);
  });

  it.concurrent('a lock that appears as the stop is sent makes the row wait, and nothing is forced', async () => {
    const vmid = nextVmid();
    hooks.once('POST', `/nodes/pve1/qemu/${vmid}/status/shutdown`, () => setLock(vmid, 'backup'));
    const row = await site.addVm({ vm: { vmid } });
    const waiting = await run(site, row);
    expect(waiting.end).toBe('waiting: VM is locked (backup), waited 0 of 2 minutes');
    expect(sent(site, vmid)).toEqual(['POST shutdown']);
    setLock(vmid, undefined);
    const { row: after } = await run(site, row);
    expect(sent(site, vmid)).toEqual(['POST shutdown', 'POST shutdown', 'DELETE']);
    expect(after.vm_status).toBe('remove');
  });

  it.concurrent('a VM suspended to disk (lock: suspended) is deleted', async () => {
    const vmid = nextVmid();
    const { row } = await run(site, await site.addVm({ vm: { vmid, running: false, lock: 'suspended' } }));
    expect(row.vm_status).toBe('remove');
    expect(exists(site, vmid)).toBe(false);
  });

  it.concurrent('a lock met by the DELETE itself is tried again and goes through when it is gone', async () => {
    const vmid = nextVmid();
    const path = `/nodes/pve1/qemu/${vmid}`;
    hooks.once('DELETE', path, () => setLock(vmid, 'backup'));
    hooks.once('DELETE', path, () => setLock(vmid, undefined));
    const { said, row } = await run(site, await site.addVm({ vm: { vmid, running: false } }));
    expect(said.filter((line) => /DELETE/.test(line))).toEqual([
      `DELETE VM vmid=${vmid} node=pve1 purge=1`,
      'DELETE ERR VM is locked (backup), trying again',
      `DELETE VM vmid=${vmid} node=pve1 purge=1`,
    ]);
    expect(row).toMatchObject({ vm_status: 'remove' });
  });

  it.concurrent('a lock met by the DELETE itself that stays ends in error_terminate with the cure', async () => {
    const vmid = nextVmid();
    hooks.once('DELETE', `/nodes/pve1/qemu/${vmid}`, () => setLock(vmid, 'backup'));
    const { said, end, row } = await run(site, await site.addVm({ vm: { vmid, running: false } }));
    expect(end).toBe('done result=error: VM is locked (backup)');
    expect(said.slice(-2)).toEqual(['DELETE ERR VM is locked (backup)', 'A backup is running; wait for it.']);
    expect(sent(site, vmid)).toEqual(['DELETE', 'DELETE', 'DELETE', 'DELETE']);
    expect(row).toMatchObject({ vm_status: 'error_terminate', vm_id: vmid });
  });
});
