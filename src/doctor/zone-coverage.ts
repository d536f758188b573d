import { parseAddress } from '../dns/addresses.ts';
import { isWithin } from '../dns/names.ts';
import { isReverseZone, reverseNameInZone } from '../dns/reverse.ts';
import { reverseBounds } from '../dns/reverse-bounds.ts';
import type { PoolSettings, Settings } from '../settings/types.ts';
import type { Check } from './context.ts';
import { type Observation, ok, warning } from './finding.ts';

function overlaps(zone: string, { first, last }: PoolSettings): boolean {
  const bounds = reverseBounds(zone);
  const [from, to] = [parseAddress(first)?.bytes, parseAddress(last)?.bytes];
  if (!bounds || !from || !to || bounds.first.length !== from.length) return false;
  const compare = (a: readonly number[], b: readonly number[]) => Buffer.compare(Buffer.from(a), Buffer.from(b));
  return compare(bounds.first, to) <= 0 && compare(from, bounds.last) <= 0;
}

function zoneFinding(zone: string, { pools, dns }: Settings): Observation[] {
  if (isReverseZone(zone)) {
    if (pools.some((pool) => overlaps(zone, pool))) return [];
    return [warning(zone, 'no address of any pool is in it', 'correct its name, or add the pool')];
  }
  if (dns.mainDomain === undefined || isWithin(dns.mainDomain, zone) || isWithin(zone, dns.mainDomain)) return [];
  const found = `the main domain ${dns.mainDomain} is not in it: only VMs that the panel names there get records`;
  return [warning(zone, found, 'correct its name or dns.mainDomain, or leave it')];
}

function poolFinding(pool: PoolSettings, zones: readonly string[]): Observation[] {
  const ends = [pool.first, pool.last].map((text) => {
    const address = parseAddress(text);
    return address !== undefined && zones.some((zone) => reverseNameInZone(address, zone) !== undefined);
  });
  const cure = 'add its reverse zone to dns.zones; without, its VMs have no PTR records';
  if (ends.every((covered) => covered)) return [];
  if (zones.some((zone) => overlaps(zone, pool))) {
    return [warning(`pool ${pool.name}`, 'a part of its addresses is in no reverse zone', cure)];
  }
  return [warning(`pool ${pool.name}`, 'its addresses are in no reverse zone', cure)];
}

export const zoneCoverage: Check = {
  name: 'zone coverage',
  looksAt: 'zones that match no pool or not the main domain; pools without a reverse zone',
  async run({ settings }) {
    const names = [...new Set(settings.dns.zones.map(({ zone }) => zone))];
    const found = [
      ...names.flatMap((zone) => zoneFinding(zone, settings)),
      ...settings.pools.flatMap((pool) => poolFinding(pool, names)),
    ];
    return found.length > 0 ? found : [ok('zones', `${names.length} zones and ${settings.pools.length} pools fit`)];
  },
};
