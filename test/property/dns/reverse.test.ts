import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseAddress } from '../../../src/dns/addresses.ts';
import { isWithin } from '../../../src/dns/names.ts';
import { reverseName, reverseNameInZone } from '../../../src/dns/reverse.ts';
import { address } from '../../unit/dns/fixtures.ts';

const octets = fc.array(fc.nat(255), { minLength: 4, maxLength: 4 });
const zero = fc.constant(0);
const group = fc.oneof(zero, fc.nat(0xffff));
const groups = fc.array(group, { minLength: 8, maxLength: 8 });
const expanded = (words: number[]) => words.map((word) => word.toString(16).padStart(4, '0')).join(':');
const nibblesOf = (words: number[]) => [...words.map((word) => word.toString(16).padStart(4, '0')).join('')];

test('an IPv4 address comes back from its reverse name', () => {
  fc.assert(
    fc.property(octets, (bytes) => {
      const [d, c, b, a, ...rest] = reverseName(address(bytes.join('.'))).split('.');
      expect([a, b, c, d].map(Number)).toEqual(bytes);
      expect(rest.join('.')).toBe('in-addr.arpa');
    }),
  );
});

test('an IPv6 address comes back from its reverse name: 32 single nibbles', () => {
  fc.assert(
    fc.property(groups, (words) => {
      const labels = reverseName(address(expanded(words))).split('.');
      expect(labels.slice(0, 32).reverse()).toEqual(nibblesOf(words));
      expect(labels.slice(32).join('.')).toBe('ip6.arpa');
    }),
  );
});

test('every spelling of an IPv6 address is one text: the one that the URL standard writes (RFC 5952)', () => {
  fc.assert(
    fc.property(groups, fc.boolean(), (words, upper) => {
      const long = upper ? expanded(words).toUpperCase() : expanded(words);
      const standard = new URL(`http://[${long}]`).hostname.slice(1, -1);
      expect(parseAddress(long)?.text).toBe(standard);
      expect(parseAddress(standard)?.text).toBe(standard);
    }),
  );
});

test('no text makes the parser throw, and what it accepts is canonical already or becomes so', () => {
  const nearly = fc.stringMatching(/^[0-9a-fA-F.:%x/]{0,45}$/);
  fc.assert(
    fc.property(fc.oneof(nearly, fc.ipV4(), fc.ipV6(), fc.string()), (text) => {
      const once = parseAddress(text);
      if (once !== undefined) expect(parseAddress(once.text)).toEqual(once);
    }),
  );
});

test('an IPv6 address is in the zone of a prefix exactly if it begins with it, at every nibble cut', () => {
  fc.assert(
    fc.property(groups, groups, fc.integer({ min: 1, max: 32 }), fc.boolean(), (words, others, cut, own) => {
      const prefix = nibblesOf(own ? words : others).slice(0, cut);
      const zone = `${[...prefix].reverse().join('.')}.ip6.arpa.`;
      const inside = nibblesOf(words).slice(0, cut).join('') === prefix.join('');
      const name = reverseNameInZone(address(expanded(words)), zone.toUpperCase());
      expect(name).toBe(inside ? reverseName(address(expanded(words))) : undefined);
    }),
  );
});

test('a classless zone covers exactly the last octets of its block, in its own /24 only', () => {
  const block = fc.integer({ min: 25, max: 32 }).chain((prefix) => {
    const size = 2 ** (32 - prefix);
    return fc.record({ prefix: fc.constant(prefix), start: fc.nat(256 / size - 1).map((index) => index * size) });
  });
  fc.assert(
    fc.property(octets, block, fc.boolean(), fc.boolean(), (bytes, { prefix, start }, slash, sameNet) => {
      const end = start + 2 ** (32 - prefix) - 1;
      const [a = 0, b = 0, c = 0, last = 0] = bytes;
      const third = sameNet ? c : (c + 1) % 256;
      const zone = `${slash ? `${start}/${prefix}` : `${start}-${end}`}.${third}.${b}.${a}.in-addr.arpa`;
      const inside = sameNet && last >= start && last <= end;
      expect(reverseNameInZone(address(bytes.join('.')), zone)).toBe(inside ? `${last}.${zone}` : undefined);
    }),
  );
});

test('a name is within a zone exactly if its last labels are the labels of the zone', () => {
  const label = fc.constantFrom('a', 'b', 'ab', 'ba', '1', 'arpa');
  const labels = fc.array(label, { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(labels, labels, (name, zone) => {
      const expected = name.slice(-zone.length).join('.') === zone.join('.');
      expect(isWithin(`${name.join('.').toUpperCase()}.`, zone.join('.'))).toBe(expected);
    }),
  );
});
