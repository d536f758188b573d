import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { zones } from './doomed-vm.ts';
import { createGatedSite, type GatedSite, type GatedSiteOptions } from './gated-site.ts';
import { failures, type Point, pointsOf, unreached, walk } from './walk.ts';

const speed = 20;
/** Longer than the default: at this speed a busy machine would look like a tick that stood still. */
const leaseSeconds = 120;
const leaseMs = (leaseSeconds * 1000) / speed;

/** Sites in which a point is tried at a time each. Most of a point's time is waiting for a lease to run out. */
function lanes(count: number, options: Partial<GatedSiteOptions> = {}): readonly GatedSite[] {
  const sites: GatedSite[] = [];
  beforeAll(async () => {
    // Each site has processes that must not outlive this one.
    process.setMaxListeners(10 + 4 * count);
    const one = () => createGatedSite({ zones, speed, env: { CLAIM_LEASE_SECONDS: `${leaseSeconds}` }, ...options });
    sites.push(...(await Promise.all(Array.from({ length: count }, one))));
  });
  afterAll(() => Promise.all(sites.map((site) => site.close())));
  return sites;
}

describe('kill -9 at every single Proxmox, DNS and SQL call of a terminate, then (after the lease) another tick', () => {
  const sites = lanes(12);

  it('same end state as without the kill, one Activity Log entry, nothing destroyed twice, no address free before the VM is gone', async () => {
    const points = await pointsOf(sites);
    const asked = (to: Point['to'], what: RegExp) => points.filter((point) => point.to === to && what.test(point.what));
    expect(points.length).toBeGreaterThan(100);
    expect(asked('proxmox', /^POST|^DELETE/)).toHaveLength(3);
    expect(asked('dns', /^PATCH/)).toHaveLength(2);
    expect(asked('sql', /^COMMIT/).length).toBeGreaterThan(8);
    const trials = await walk(sites, points, leaseMs);
    expect(failures(trials)).toEqual([]);
    expect(unreached(trials)).toEqual([]);
  }, 900_000);
});

describe('where the Activity Log is MyISAM, kill -9 at every SQL call of the transaction that ends a terminate', () => {
  const sites = lanes(8, { whmcs: 'myisam' });

  it('same end state as without the kill, and one Activity Log entry', async () => {
    const points = await pointsOf(sites);
    const end = points.findLastIndex(({ what }) => /^update `puqProxmoxKVM_vm_info` set .*'remove'/.test(what));
    const last = points.slice(end - 1, points.findLastIndex(({ what }) => /^COMMIT/.test(what)) + 1);
    expect(last.map(({ what }) => what.slice(0, 29))).toContain('insert into `tblactivitylog` ');
    const trials = await walk(sites, last, leaseMs);
    expect(failures(trials)).toEqual([]);
    expect(unreached(trials)).toEqual([]);
  }, 300_000);
});

describe('where a destroy takes longer than a lease, kill -9 at every call from the DELETE to its end', () => {
  const sites = lanes(8, { timing: { destroy: 1.5 * leaseSeconds * 1000 } });

  it('the next tick adopts the destroy that is running: nothing is destroyed twice', async () => {
    const points = await pointsOf(sites);
    const from = points.findIndex(({ what }) => /^DELETE .*\/qemu\//.test(what));
    const to = points.findIndex(({ what }) => /^GET .*:qmdestroy:/.test(what));
    const trials = await walk(sites, points.slice(from, to + 1), leaseMs);
    expect(failures(trials)).toEqual([]);
    expect(trials.filter(({ reached }) => reached).length).toBeGreaterThan(8);
  }, 300_000);
});
