import { isIP } from 'node:net';
import type { Kind } from './kinds.ts';
import { ipaddrPackage } from './lazy.ts';

/** IPv4 dotted, IPv6 as RFC 5952 says; `undefined` for anything else, also for an address with a zone (`%eth0`). */
function canonicalAddress(text: string): string | undefined {
  // ipaddr.js alone would take octal, hex and shortened forms.
  if (isIP(text) === 0 || text.includes('%')) return undefined;
  const parsed = ipaddrPackage().parse(text);
  return 'toRFC5952String' in parsed ? parsed.toRFC5952String() : parsed.toString();
}

/** Below 0 if `a` comes before `b`; both of one family. */
function compareAddresses(a: string, b: string): number {
  const { parse } = ipaddrPackage();
  return Buffer.compare(Buffer.from(parse(a).toByteArray()), Buffer.from(parse(b).toByteArray()));
}

export const address: Kind<string> = {
  expected: 'an IPv4 or IPv6 address',
  form: 'text',
  parse: canonicalAddress,
};

export const addressRange: Kind<{ readonly first: string; readonly last: string }> = {
  expected: 'a range first-last of two addresses of one family, the lower one first',
  form: 'text',
  parse(text) {
    const [from, to, ...rest] = text.split('-').map((part) => canonicalAddress(part.trim()));
    if (from === undefined || to === undefined || rest.length > 0 || isIP(from) !== isIP(to)) return undefined;
    return compareAddresses(from, to) <= 0 ? { first: from, last: to } : undefined;
  },
};
