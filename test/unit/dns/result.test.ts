import { expect, test } from 'vitest';
import { planUnread } from '../../../src/dns/plan.ts';
import type { RrsetKey } from '../../../src/dns/provider.ts';
import { planRemoval } from '../../../src/dns/removal.ts';
import { type Failure, toResult } from '../../../src/dns/result.ts';
import { powerdnsZone } from './fixtures.ts';

const vm = { fqdn: 'vm1.example.com', addresses: ['192.0.2.10', '2001:db8::1'], rdns: {} };
const refused: Failure = { kind: 'refused', message: 'last A of the zone' };
const locked: Failure = { kind: 'permanent', message: 'wrong key' };
const busy: Failure = { kind: 'transient', message: 'busy\nnow' };

function removalResult(failures: Record<string, Failure>) {
  const [planned] = planUnread(planRemoval([powerdnsZone('example.com')], vm));
  if (planned === undefined) throw new Error('nothing planned');
  const result = toResult(planned, ({ type }: RrsetKey) => failures[type]);
  return { ...result, leftovers: result.leftovers.map(({ type }) => type) };
}

test('a forward record of which one family is gone has failed, and only the other is left over', () => {
  const result = removalResult({ A: busy });
  expect(result).toMatchObject({ ok: false, written: true, refused: false, error: 'busy now', leftovers: ['A'] });
});

test.each([locked, busy])('a deletion that failed for $message is left over: somebody may mend that', (failure) => {
  expect(removalResult({ A: failure, AAAA: failure })).toMatchObject({ refused: false, leftovers: ['A', 'AAAA'] });
});

test('what the server refuses for good is no leftover', () => {
  expect(removalResult({ A: refused })).toMatchObject({ ok: false, written: true, refused: true, leftovers: [] });
  expect(removalResult({ A: refused, AAAA: refused })).toMatchObject({ refused: true, leftovers: [] });
});

test('of a record that is refused in part, the other part is left over, and both reasons are told', () => {
  const result = removalResult({ A: refused, AAAA: busy });
  expect(result).toMatchObject({ refused: false, leftovers: ['AAAA'], error: 'last A of the zone; busy now' });
});
