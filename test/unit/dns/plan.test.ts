import { expect, test } from 'vitest';
import { planZone } from '../../../src/dns/plan.ts';
import type { Rrset } from '../../../src/dns/provider.ts';
import { planRemoval } from '../../../src/dns/removal.ts';
import type { RecordTask } from '../../../src/dns/task.ts';
import { planUpsert } from '../../../src/dns/upsert.ts';
import { hestiacpZone, powerdnsZone } from './fixtures.ts';

const zones = [
  powerdnsZone('2.0.192.in-addr.arpa'),
  hestiacpZone('example.com'),
  powerdnsZone('8.b.d.0.1.0.0.2.ip6.arpa'),
];
const vm = { fqdn: 'vm1.example.com', addresses: ['192.0.2.10', '192.0.2.11', '2001:db8::1'], rdns: {} };

function set(name: string, type: Rrset['type'], records: string[]): Rrset {
  return { name, type, ttl: 60, records };
}
const brief = ({ kind, zone, address, fqdn }: RecordTask) => [kind, zone.zone, kind === 'fwd' ? fqdn : address];

test('a removal is planned forward first, then reverse, whatever the order of the zones', () => {
  expect(planRemoval(zones, vm).map(brief)).toEqual([
    ['fwd', 'example.com', 'vm1.example.com'],
    ['rev', '2.0.192.in-addr.arpa', '192.0.2.10'],
    ['rev', '2.0.192.in-addr.arpa', '192.0.2.11'],
    ['rev', '8.b.d.0.1.0.0.2.ip6.arpa', '2001:db8::1'],
  ]);
});

test('a VM without a name loses its PTR records, and one without addresses is left alone', () => {
  expect(planRemoval(zones, { ...vm, fqdn: undefined }).map(({ kind }) => kind)).toEqual(['rev', 'rev', 'rev']);
  expect(planRemoval(zones, { ...vm, addresses: [] })).toEqual([]);
});

test('the forward record gets the first IPv4 and the first IPv6, every address gets a PTR', () => {
  const rdns = { '192.0.2.11': 'Mail.Example.com.', '2001:0db8:0000:0000:0000:0000:0000:0001': 'six.example.com' };
  const tasks = planUpsert(zones, { ...vm, rdns });
  expect(tasks[0]?.addresses).toEqual(['192.0.2.10', '2001:db8::1']);
  expect(tasks.slice(1).map(({ address, host }) => [address, host])).toEqual([
    ['192.0.2.10', 'vm1.example.com'],
    ['192.0.2.11', 'mail.example.com'],
    ['2001:db8::1', 'six.example.com'],
  ]);
});

test('an address without a host and without an FQDN gets no PTR', () => {
  const rdns = { '192.0.2.11': 'mail.example.com', '192.0.2.10': ' ' };
  const tasks = planUpsert(zones, { ...vm, fqdn: undefined, rdns });
  expect(tasks.map(({ kind, address }) => [kind, address])).toEqual([['rev', '192.0.2.11']]);
});

test('records that point elsewhere stay, with the TTL of their set', () => {
  const tasks = planRemoval(zones, vm).slice(0, 1);
  const found = set('vm1.example.com', 'A', ['192.0.2.10', '203.0.113.9', '192.0.2.11']);
  const { changes, tasks: planned } = planZone(tasks, [found]);
  expect(changes).toEqual([set('vm1.example.com', 'A', ['203.0.113.9'])]);
  expect(planned[0]?.sets[0]?.removes).toEqual(['192.0.2.10', '192.0.2.11']);
});

test('two tasks that change one set are one change', () => {
  const first = planRemoval(zones, { ...vm, addresses: ['192.0.2.10'] }).slice(0, 1);
  const second = planRemoval(zones, { ...vm, addresses: ['192.0.2.11'] }).slice(0, 1);
  const found = set('vm1.example.com', 'A', ['192.0.2.10', '192.0.2.11', '192.0.2.12']);
  const { changes } = planZone([...first, ...second], [found]);
  expect(changes).toEqual([set('vm1.example.com', 'A', ['192.0.2.12'])]);
});

test('what is right already is not written, but another TTL is', () => {
  const tasks = planUpsert(zones, { ...vm, addresses: ['192.0.2.10'] }).slice(0, 1);
  const right = { ...set('vm1.example.com', 'A', ['192.0.2.10']), ttl: 300 };
  expect(planZone(tasks, [right]).changes).toEqual([]);
  expect(planZone(tasks, [{ ...right, ttl: 60 }]).changes).toEqual([right]);
  expect(planZone(tasks, [{ ...right, records: ['192.0.2.10', '192.0.2.11'] }]).changes).toEqual([right]);
});
