import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSite, type Site } from '../../support/site.ts';
import { quick, run } from './runs.ts';

/** What a tick asks of Proxmox. */
describe('Requests', () => {
  let site: Site;
  beforeAll(async () => {
    // A reading of the identity lasts 10 s: also for a busy machine.
    site = await createSite({ ...quick, speed: 4, database: 'sqlite' });
  });
  afterAll(() => site.close());

  function asked(from: number): string[] {
    return site.proxmox.log
      .slice(from)
      .map(
        ({ method, path, params }) => `${method} ${path.replace(/UPID:[^/]*:(qm\w+):[^/]*/, '$1')}${params.type ?? ''}`,
      );
  }

  it('a stopped VM costs these requests, and no more', async () => {
    const from = site.proxmox.log.length;
    const row = await site.addVm({ vm: { vmid: 2101, running: false } });
    await run(site, row);
    const calls = asked(from);
    const poll = 'GET /nodes/pve1/tasks/qmdestroy/status';
    expect(calls).toContain(poll);
    expect(calls.filter((call) => call !== poll).sort()).toEqual([
      'DELETE /nodes/pve1/qemu/2101',
      'GET /cluster/nextid',
      'GET /cluster/resourcesstorage',
      'GET /cluster/resourcesvm',
      'GET /cluster/status',
      'GET /nodes/pve1/qemu/2101/config',
      'GET /nodes/pve1/qemu/2101/status/current',
      'GET /nodes/pve1/storage/local-lvm/content',
      'GET /nodes/pve1/storage/local/content',
      'GET /nodes/pve2/storage/local/content',
    ]);
  });

  it('a running VM costs its stop, a look for one that was sent before, one at its task, and the polls more', async () => {
    const from = site.proxmox.log.length;
    const row = await site.addVm({ vm: { vmid: 2102, guest: { shutdownMs: 2_000 } } });
    await run(site, row);
    const calls = asked(from);
    expect(calls.filter((call) => /shutdown|tasks$/.test(call))).toEqual([
      'GET /nodes/pve1/tasks',
      'POST /nodes/pve1/qemu/2102/status/shutdown',
    ]);
    // One by the preflight, which the stop uses too, then one for each 5 s.
    expect(calls.filter((call) => call.endsWith('status/current')).length).toBeLessThanOrEqual(3);
    expect(calls.length).toBeLessThanOrEqual(22);
  });

  it('20 VMs that stop on one node are polled with one list for all', async () => {
    const from = site.proxmox.log.length;
    for (let vmid = 2201; vmid <= 2220; vmid += 1) {
      await site.addVm({ vm: { vmid, guest: { shutdownMs: 50_000 } } });
    }
    const { result } = await site.tick();
    expect(result.ends.done).toBe(20);
    const calls = asked(from);
    const polls = calls.filter((call) => call === 'GET /nodes/pve1/qemu').length;
    const single = calls.filter((call) => call.endsWith('status/current')).length;
    expect(polls).toBeGreaterThan(3);
    // Asked one by one it would be 20 VMs times 10 polls and their first readings.
    expect(polls + single).toBeLessThan(20 * 6);
  }, 90_000);
});
