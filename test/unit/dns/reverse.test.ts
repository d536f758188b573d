import { expect, test } from 'vitest';
import { isReverseZone, reverseName, reverseNameInZone } from '../../../src/dns/reverse.ts';
import { address } from './fixtures.ts';

const nibbles = '7.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa';

test('the reverse name of an IPv4 address is its octets backwards', () => {
  expect(reverseName(address('192.168.130.6'))).toBe('6.130.168.192.in-addr.arpa');
});

test('the reverse name of an IPv6 address has all 32 nibbles, however short the address is written', () => {
  expect(reverseName(address('2001:db8::7'))).toBe(nibbles);
  expect(reverseName(address('2001:0db8:0000:0000:0000:0000:0000:0007'))).toBe(nibbles);
});

test.each(['192.in-addr.arpa', '168.192.in-addr.arpa', '130.168.192.in-addr.arpa', '130.168.192.IN-ADDR.ARPA.'])(
  'an IPv4 address is in %s at its full reverse name',
  (zone) => {
    expect(reverseNameInZone(address('192.168.130.6'), zone)).toBe('6.130.168.192.in-addr.arpa');
  },
);

test.each([4, 5, 8, 13, 16, 30, 31, 32])('an IPv6 address is in the zone of its first %i nibbles', (count) => {
  const zone = nibbles
    .split('.')
    .slice(32 - count)
    .join('.');
  expect(reverseNameInZone(address('2001:db8::7'), zone)).toBe(nibbles);
});

test.each(['2.in-addr.arpa', '0.168.192.in-addr.arpa', '8.b.d.0.1.0.0.2.ip6.arpa', 'example.com'])(
  'an IPv4 address outside of %s is not in it',
  (zone) => {
    expect(reverseNameInZone(address('192.168.130.6'), zone)).toBeUndefined();
  },
);

test.each([
  ['0-127.2.0.192.in-addr.arpa', '192.0.2.10', '10.0-127.2.0.192.in-addr.arpa'],
  ['0/25.2.0.192.in-addr.arpa', '192.0.2.127', '127.0/25.2.0.192.in-addr.arpa'],
  ['128/25.2.0.192.in-addr.arpa.', '192.0.2.128', '128.128/25.2.0.192.in-addr.arpa'],
  ['64-67.2.0.192.in-addr.arpa', '192.0.2.67', '67.64-67.2.0.192.in-addr.arpa'],
  ['9/32.2.0.192.in-addr.arpa', '192.0.2.9', '9.9/32.2.0.192.in-addr.arpa'],
])('in the classless zone %s (RFC 2317) the PTR of %s is %s', (zone, text, name) => {
  expect(reverseNameInZone(address(text), zone)).toBe(name);
});

test.each([
  ['0-127.2.0.192.in-addr.arpa', '192.0.2.128'],
  ['0-127.2.0.192.in-addr.arpa', '192.0.3.10'],
  ['0/25.2.0.192.in-addr.arpa', '192.0.2.128'],
  ['64/25.2.0.192.in-addr.arpa', '192.0.2.70'],
  ['0/24.2.0.192.in-addr.arpa', '192.0.2.1'],
  ['0/33.2.0.192.in-addr.arpa', '192.0.2.0'],
  ['0-127.0.192.in-addr.arpa', '192.0.2.10'],
  ['customer.2.0.192.in-addr.arpa', '192.0.2.10'],
])('the classless zone %s does not cover %s', (zone, text) => {
  expect(reverseNameInZone(address(text), zone)).toBeUndefined();
});

test('the name of a zone tells whether it is a reverse zone', () => {
  expect(isReverseZone('0/25.2.0.192.in-addr.arpa')).toBe(true);
  expect(isReverseZone('8.B.D.0.1.0.0.2.ip6.arpa.')).toBe(true);
  expect(isReverseZone('notin-addr.arpa')).toBe(false);
  expect(isReverseZone('example.com')).toBe(false);
});
