import { isIP } from 'node:net';
import { address, addressRange } from '../addresses.ts';
import { type Checking, check, elementsAt, keysAt, reportWrong } from '../check.ts';
import * as kind from '../kinds.ts';
import { zodPackage } from '../lazy.ts';
import { nearest } from '../names.ts';
import type { PoolSettings } from '../types.ts';
import type { Path } from '../yaml-file.ts';
import { bridge, list, name, preset, reportDuplicates, value, vlan } from './fields.ts';

/** An address pool, below `pools[]`. */
export function poolSchema() {
  return zodPackage().strictObject({
    name: value(name, 'Name of the pool'),
    cluster: value(name, 'Cluster whose VMs get the addresses'),
    bridge: value(bridge, 'Bridge behind which the addresses work'),
    vlan: preset(vlan, 'VLAN tag; 0: none', '0'),
    range: value(addressRange, '`first-last`, both included'),
    prefix: value(kind.whole({ max: 128 }), 'Length of the network prefix'),
    gateway: value(address, 'Gateway; never given out'),
    nameservers: list(address, 'Resolvers for the VMs'),
  });
}

function readPool(checking: Checking, path: Path, clusters: readonly string[]): PoolSettings | undefined {
  const given = check(checking, poolSchema(), path);
  if (!given) return undefined;
  const { range, ...pool } = given;
  const family = isIP(range.first);
  if (isIP(pool.gateway) !== family)
    reportWrong(checking, [...path, 'gateway'], `an IPv${family} address like its range`);
  if (family === 4 && pool.prefix > 32) reportWrong(checking, [...path, 'prefix'], 'a whole number, 0 to 32 for IPv4');
  if (!clusters.includes(pool.cluster)) {
    const guess = nearest(pool.cluster, clusters);
    const expected = `the name of a cluster (${clusters.join(', ') || 'there is none'})`;
    reportWrong(checking, [...path, 'cluster'], guess ? `${expected}; did you mean "${guess}"?` : expected);
  }
  return { ...pool, first: range.first, last: range.last };
}

/** The pools that are right; what is wrong is reported. */
export function readPools(checking: Checking): PoolSettings[] {
  const clusters = keysAt(checking, ['clusters']);
  reportDuplicates(checking, ['pools'], 'name');
  return elementsAt(checking, ['pools']).flatMap((path) => readPool(checking, path, clusters) ?? []);
}
