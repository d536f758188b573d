import { expect, test } from 'vitest';
import { matchForward, matchReverse } from '../../../src/dns/zones.ts';
import { address, cloudflareZone, hestiacpZone, powerdnsZone } from './fixtures.ts';

test('a name is written to every forward zone that it is in, of every provider, in configured order', () => {
  const zones = [
    hestiacpZone('example.com'),
    powerdnsZone('com'),
    powerdnsZone('other.com'),
    cloudflareZone('example.com'),
    powerdnsZone('example.com'),
    powerdnsZone('example.com', 'http://127.0.0.2:8081'),
  ];
  const matches = matchForward(zones, 'VM1.Example.com.');
  expect(matches.map(({ zone }) => zone)).toEqual([zones[0], zones[1], zones[3], zones[4], zones[5]]);
  expect(new Set(matches.map(({ name }) => name))).toEqual(new Set(['vm1.example.com']));
});

test('a reverse zone never holds a forward record', () => {
  expect(matchForward([powerdnsZone('in-addr.arpa')], '6.130.168.192.in-addr.arpa')).toEqual([]);
});

test('reverse records come zone by zone, and in each in the order of the addresses', () => {
  const zones = [
    powerdnsZone('0-127.2.0.192.in-addr.arpa'),
    powerdnsZone('example.com'),
    powerdnsZone('8.b.d.0.1.0.0.2.ip6.arpa'),
    powerdnsZone('2.0.192.in-addr.arpa'),
  ];
  const addresses = ['192.0.2.130', '2001:db8::1', '192.0.2.5'].map(address);
  const matches = matchReverse(zones, addresses).map((match) => [match.zone.zone, match.address.text]);
  expect(matches).toEqual([
    ['0-127.2.0.192.in-addr.arpa', '192.0.2.5'],
    ['8.b.d.0.1.0.0.2.ip6.arpa', '2001:db8::1'],
    ['2.0.192.in-addr.arpa', '192.0.2.130'],
    ['2.0.192.in-addr.arpa', '192.0.2.5'],
  ]);
});
