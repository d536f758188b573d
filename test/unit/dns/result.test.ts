import { expect, test } from 'vitest';
import { planUnread } from '../../../src/dns/plan.ts';
import type { RrsetKey } from '../../../src/dns/provider.ts';
import { planRemoval } from '../../../src/dns/removal.ts';
import { type Failure, toResult } from '../../../src/dns/result.ts';
import { powerdnsZone } from './fixtures.ts';

const vm = { fqdn: 'vm1.example.com', addresses: ['192.0.2.10', '2001:db8::1'], rdns: {} };
const refused: Failure = { kind: 'permanent', message: 'last A of the zone' };
const busy: Failure = { kind: 'transient', message: 'busy' };

function removalResult(failures: Record<string, Failure>) {
  const [planned] = planUnread(planRemoval([powerdnsZone('example.com')], vm));
  if (planned === undefined) throw new Error('nothing planned');
  return toResult(planned, ({ type }: RrsetKey) => failures[type]);
}

test('a forward record of which one family is gone has failed, and only the other is left over', () => {
  const result = removalResult({ A: refused });
  expect(result).toMatchObject({ ok: false, written: true, permanent: true, error: 'last A of the zone' });
  expect(result.leftovers.map(({ type }) => type)).toEqual(['A']);
});

test('a failure is for good only if no part of it may pass', () => {
  expect(removalResult({ A: refused, AAAA: busy })).toMatchObject({ ok: false, written: false, permanent: false });
  expect(removalResult({ A: refused, AAAA: refused })).toMatchObject({ permanent: true });
});
