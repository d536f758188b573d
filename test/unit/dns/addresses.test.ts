import { expect, test } from 'vitest';
import { parseAddress, parseAddresses } from '../../../src/dns/addresses.ts';

test.each([
  ['192.0.2.10', '192.0.2.10'],
  [' 192.0.2.10\r', '192.0.2.10'],
  ['2001:0DB8:0000:0000:0000:0000:0000:0010', '2001:db8::10'],
  ['2001:db8:0:1:0:0:0:1', '2001:db8:0:1::1'],
  ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
])('%j is the address %s', (text, canonical) => {
  expect(parseAddress(text)?.text).toBe(canonical);
});

test.each([
  '192.0.2.010',
  '192.168.1',
  '0x7f.1',
  '192.0.2.256',
  'fe80::1%eth0',
  '2001:db8::1::2',
  '192.0.2.1/24',
  'vm1.example.com',
  '',
])('%j is no address', (text) => {
  expect(parseAddress(text)).toBeUndefined();
});

test('an address that is listed twice, in two spellings, is one', () => {
  const found = parseAddresses(['2001:db8::1', 'nonsense', '192.0.2.1', '2001:DB8:0::1']);
  expect(found.map(({ text }) => text)).toEqual(['2001:db8::1', '192.0.2.1']);
});
