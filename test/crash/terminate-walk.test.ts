import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { zones } from './doomed-vm.ts';
import { createGatedSite, type GatedSite } from './gated-site.ts';
import { failures, pointsOf, walk } from './walk.ts';

const speed = 20;
/** Longer than the default: at this speed a busy machine would look like a tick that stood still. */
const leaseSeconds = 120;
const leaseMs = (leaseSeconds * 1000) / speed;

function lanes(count: number, whmcs: 'innodb' | 'myisam'): { readonly sites: GatedSite[] } {
  const sites: GatedSite[] = [];
  beforeAll(async () => {
    const one = () => createGatedSite({ zones, speed, whmcs, env: { CLAIM_LEASE_SECONDS: `${leaseSeconds}` } });
    sites.push(...(await Promise.all(Array.from({ length: count }, one))));
  });
  afterAll(() => Promise.all(sites.map((site) => site.close())));
  return { sites };
}

async function firstPoints(sites: readonly GatedSite[]) {
  const [first] = sites;
  if (!first) throw new Error('no site');
  return pointsOf(first);
}

describe('kill -9 at every single Proxmox, DNS and SQL call of a terminate, then another tick', () => {
  // Most of a point's time is waiting for a lease to run out.
  const { sites } = lanes(8, 'innodb');

  it('same end state as without the kill, one Activity Log entry, nothing destroyed twice, no address free before the VM is gone', async () => {
    const points = await firstPoints(sites);
    const changes = points.filter(({ what }) => /^(POST|DELETE|PATCH|insert|update|delete|COMMIT)/i.test(what));
    expect(points.length).toBeGreaterThan(100);
    expect(changes.length).toBeGreaterThan(40);
    const t = performance.now();
    const trials = await walk(
      sites,
      points.filter((_, i) => i % Number(process.env.EVERY ?? 1) === Number(process.env.OFF ?? 0)),
      leaseMs,
    );
    console.log(
      points.length,
      (performance.now() - t) / 1000,
      trials.filter(({ reached }) => !reached).map((x) => x.point),
    );
    expect(failures(trials)).toEqual([]);
  }, 900_000);
});
