import type { Address } from './addresses.ts';
import { isWithin, normalizeName } from './names.ts';

const classlessLabel = /^(\d{1,3})([-/])(\d{1,3})$/;

/** The name of an address's PTR record: 4 octets below in-addr.arpa, or 32 nibbles below ip6.arpa. */
export function reverseName(address: Address): string {
  if (address.family === 4) return `${[...address.bytes].reverse().join('.')}.in-addr.arpa`;
  const nibbles = address.bytes.flatMap((byte) => [byte >> 4, byte & 15]);
  return `${nibbles
    .reverse()
    .map((nibble) => nibble.toString(16))
    .join('.')}.ip6.arpa`;
}

/** Whether a zone holds PTR records. Its name decides: a zone has no other field for it. */
export function isReverseZone(zone: string): boolean {
  return isWithin(zone, 'in-addr.arpa') || isWithin(zone, 'ip6.arpa');
}

/**
 * Where the address's PTR record is in `zone`, or undefined if the zone does not cover the address.
 * In a classless zone (RFC 2317: `0-127.2.0.192.in-addr.arpa` or `0/25.2.0.192.in-addr.arpa`) that is the last octet
 * directly below the zone, since the plain reverse name is outside it.
 */
export function reverseNameInZone(address: Address, zone: string): string | undefined {
  const plain = reverseName(address);
  if (isWithin(plain, zone)) return plain;
  const classless = normalizeName(zone);
  const dot = classless.indexOf('.');
  const parent = plain.slice(plain.indexOf('.') + 1);
  if (address.family !== 4 || dot < 0 || classless.slice(dot + 1) !== parent) return undefined;
  const last = address.bytes[3];
  if (last === undefined || !coversOctet(classless.slice(0, dot), last)) return undefined;
  return `${last}.${classless}`;
}

/** Whether an RFC 2317 label, `<first>-<last>` or `<first>/<prefix length>`, covers the last octet of an address. */
function coversOctet(label: string, octet: number): boolean {
  const [, first, separator, second] = classlessLabel.exec(label) ?? [];
  if (first === undefined || second === undefined) return false;
  const start = Number(first);
  if (separator === '-') return octet >= start && octet <= Number(second);
  const prefix = Number(second);
  if (prefix <= 24 || prefix > 32) return false;
  const size = 2 ** (32 - prefix);
  return start % size === 0 && octet >= start && octet < start + size;
}
