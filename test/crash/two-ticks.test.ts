import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSite, type Site } from '../support/site.ts';

/** The VMs that a DELETE was sent for, each as often as it was. */
function deleted({ proxmox }: Site): number[] {
  const sent = proxmox.log.filter(({ method, path }) => method === 'DELETE' && /\/qemu\/\d+$/.test(path));
  return sent.map(({ path }) => Number(path.split('/').at(-1))).sort((one, other) => one - other);
}

async function addRows(site: Site, count: number, services: boolean): Promise<number[]> {
  const vmids = Array.from({ length: count }, (_, n) => 3001 + n);
  for (const vmid of vmids) {
    const vm = { vmid, running: false, node: vmid % 2 === 0 ? 'pve1' : 'pve2' };
    await site.addVm({ vm, ...(services ? { service: { id: vmid, userid: 7 } } : {}) });
  }
  return vmids;
}

/** Few rows at once, so that one tick cannot take all; and the scaled time is not to end it. */
const tick = ['cron', '--verbose', '--concurrency', '10', '--max-runtime', '7200'];

async function left({ db }: Site): Promise<unknown[]> {
  const claims = ['mod_vmctl_slots', 'mod_vmctl_duties', db.vmTable].map((table) =>
    db.knex(table).whereNotNull('claim_token'),
  );
  const found = await Promise.all([db.knex('mod_vmctl_ticks'), ...claims]);
  return found.flat();
}

describe.each([
  { database: 'mysql', processes: 2, count: 200 },
  { database: 'sqlite', processes: 3, count: 30 },
] as const)('$processes ticks at once on one $database database with $count rows', ({ database, processes, count }) => {
  let site: Site;
  beforeAll(async () => {
    site = await createSite({ database, env: { CLAIM_LEASE_SECONDS: '300' } });
  });
  afterAll(() => site.close());

  it('every row is done once: one DELETE each, one Activity Log entry each, and nothing stays claimed', async () => {
    const vmids = await addRows(site, count, database === 'mysql');
    const ticks = await Promise.all(Array.from({ length: processes }, () => site.vmctl(tick)));
    for (const { code, stderr } of ticks) expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(deleted(site)).toEqual(vmids);
    const done = ticks.map(({ stdout }) => stdout.match(/result=success/g)?.length ?? 0);
    expect(done.reduce((sum, one) => sum + one)).toBe(count);
    // All of them have worked, or nothing was proven.
    expect(Math.min(...done)).toBeGreaterThan(0);
    expect(await site.db.knex(site.db.vmTable).whereNot({ vm_status: 'remove' })).toEqual([]);
    expect(await left(site)).toEqual([]);
    if (database === 'sqlite') return;
    const told = await site.activity();
    expect(told.map(({ description }) => description).sort()).toEqual(
      vmids.map((vmid) => `Service terminated successfully - Service ID: ${vmid}`),
    );
  }, 120_000);
});
