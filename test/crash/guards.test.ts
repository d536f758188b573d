import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { createClusters } from '../../src/engine/clusters.ts';
import { type Lease, LeaseLost } from '../../src/engine/lease.ts';
import { openDns } from '../../src/engine/open-dns.ts';
import { loadSettings } from '../../src/settings/load.ts';
import type { Settings } from '../../src/settings/types.ts';
import { createSite, type Site } from '../support/site.ts';

const zone = 'example.com';
let site: Site;
let settings: Settings;
beforeAll(async () => {
  site = await createSite({ database: 'sqlite', zones: [zone] });
  settings = loadSettings({ env: site.env, cwd: site.folder, flags: {} });
});
afterAll(() => site.close());

/** A lease that is lost, which its own timer has not noticed yet. */
function lostLease(asked: number[]): Lease {
  return {
    id: 'lost',
    lost: new AbortController().signal,
    ticks: 1,
    dbNow: () => 0,
    holds: () => false,
    async ensure(ms) {
      asked.push(ms);
      throw new LeaseLost();
    },
    end: async () => {},
  };
}

it('no change is sent to Proxmox without a lease that outlives the time-out of its call; looking is free', async () => {
  const asked: number[] = [];
  const { signal } = new AbortController();
  const cluster = await createClusters(settings, systemClock, lostLease(asked), signal).open('main');
  site.proxmox.addVm({ vmid: 2003, running: true });
  await expect(cluster.destroyVm('pve1', 2003)).rejects.toThrow(LeaseLost);
  await expect(cluster.shutdown('pve1', 2003, { timeoutSeconds: 120, forceStop: true })).rejects.toThrow(LeaseLost);
  expect(site.proxmox.log).toEqual([]);
  expect(asked).toEqual([37_000, 37_000]);
  expect(await cluster.vmStatus('pve1', 2003)).toMatchObject({ status: 'running' });
});

it('no record is changed without a lease that outlives the longest request; looking is free', async () => {
  const name = `vm1.${zone}`;
  await site.dns.zone(zone).put({ name: `${name}.`, type: 'A', ttl: 300, records: [{ content: '192.0.2.1' }] });
  const asked: number[] = [];
  const ports = await openDns(systemClock, lostLease(asked), { write() {}, flush: async () => {} });
  const [configured] = settings.dns.zones;
  if (!configured) throw new Error('no zone is configured');
  const provider = await ports.open(configured);
  expect(await provider.read([{ name, type: 'A' }])).toHaveLength(1);
  await expect(provider.apply([{ name, type: 'A', ttl: 300, records: [] }])).rejects.toThrow(LeaseLost);
  expect(Object.keys(await site.dns.zone(zone).records())).toEqual([`${name} A`]);
  expect(asked).toEqual([32_000]);
});
