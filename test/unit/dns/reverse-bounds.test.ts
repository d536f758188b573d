import { expect, it } from 'vitest';
import { reverseBounds } from '../../../src/dns/reverse-bounds.ts';

it.each([
  ['2.0.192.in-addr.arpa', [192, 0, 2, 0], [192, 0, 2, 255]],
  ['10.in-addr.arpa', [10, 0, 0, 0], [10, 255, 255, 255]],
  ['64-95.2.0.192.in-addr.arpa', [192, 0, 2, 64], [192, 0, 2, 95]],
  ['64/27.2.0.192.in-addr.arpa', [192, 0, 2, 64], [192, 0, 2, 95]],
])('the bounds of %s are its first and last address', (zone, first, last) => {
  expect(reverseBounds(zone)).toEqual({ first, last });
});

it('the bounds of a zone in ip6.arpa are filled up by nibbles', () => {
  const rest = (byte: number) => Array.from({ length: 11 }, () => byte);
  expect(reverseBounds('a.8.b.d.0.1.0.0.2.ip6.arpa')).toEqual({
    first: [0x20, 0x01, 0x0d, 0xb8, 0xa0, ...rest(0)],
    last: [0x20, 0x01, 0x0d, 0xb8, 0xaf, ...rest(255)],
  });
});

it('a forward zone has none', () => {
  expect(reverseBounds('example.com')).toBeUndefined();
});
