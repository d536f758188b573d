import { expect, test } from 'vitest';
import { isWithin, normalizeName } from '../../../src/dns/names.ts';

test('a name is lower case and has no trailing dot and no blanks', () => {
  expect(normalizeName(' VM1.Example.COM. ')).toBe('vm1.example.com');
});

test('a name is within its zone and within itself, whatever the case and the dots', () => {
  expect(isWithin('VM1.example.com', 'Example.com.')).toBe(true);
  expect(isWithin('example.com.', 'example.com')).toBe(true);
});

test('a zone ends only on a label boundary', () => {
  expect(isWithin('vm1.example.com', 'ample.com')).toBe(false);
  expect(isWithin('7.12.0.192.in-addr.arpa', '2.0.192.in-addr.arpa')).toBe(false);
});

test('nothing is within the root zone or an empty one', () => {
  expect(isWithin('vm1.example.com', '.')).toBe(false);
  expect(isWithin('', '')).toBe(false);
});
