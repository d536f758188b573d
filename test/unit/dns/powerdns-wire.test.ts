import { expect, test } from 'vitest';
import { parseError, parseZone, patchBody, zoneId } from '../../../src/dns/providers/powerdns-wire.ts';

test('a zone id has its final dot, and everything unusual encoded', () => {
  expect(zoneId('Example.com')).toBe('example.com.');
  expect(zoneId('0/25.2.0.192.in-addr.arpa.')).toBe('0=2F25.2.0.192.in-addr.arpa.');
  expect(zoneId('my_zone.test')).toBe('my=5Fzone.test.');
});

test('names and PTR targets are sent with their final dot, and an empty set is a DELETE', () => {
  const body = patchBody([
    { ttl: 300, name: '10.2.0.192.in-addr.arpa', type: 'PTR', records: ['vm1.example.com'] },
    { ttl: 300, name: 'vm1.example.com', type: 'A', records: [] },
  ]);
  expect(JSON.parse(body)).toEqual({
    rrsets: [
      {
        name: '10.2.0.192.in-addr.arpa.',
        type: 'PTR',
        changetype: 'REPLACE',
        ttl: 300,
        records: [{ content: 'vm1.example.com.', disabled: false }],
      },
      { name: 'vm1.example.com.', type: 'A', changetype: 'DELETE' },
    ],
  });
});

test('what is read is canonical, and types that are not ours are left out', () => {
  const set = (name: string, type: string, content: string) => ({ name, type, ttl: 60, records: [{ content }] });
  const sets = [
    set('VM1.example.com.', 'AAAA', '2001:0DB8:0:0::0010'),
    set('vm1.example.com.', 'TXT', '"x"'),
    set('10.2.0.192.in-addr.arpa.', 'PTR', 'VM1.Example.com.'),
  ];
  expect(parseZone(JSON.stringify({ rrsets: sets }))).toEqual([
    { name: 'vm1.example.com', type: 'AAAA', ttl: 60, records: ['2001:db8::10'] },
    { name: '10.2.0.192.in-addr.arpa', type: 'PTR', ttl: 60, records: ['vm1.example.com'] },
  ]);
  expect(parseZone('<html>')).toBeUndefined();
});

test('the reason of an error is its text or the field of its JSON', () => {
  expect(parseError('{"error":"Not Found"}')).toBe('Not Found');
  expect(parseError('Internal Server Error\n')).toBe('Internal Server Error');
  expect(parseError('<html>Bad Gateway</html>')).toBe('');
});
