import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** An IP address: its RFC 5952 text (the only spelling that is compared or stored) and its 4 or 16 bytes. */
export interface Address {
  readonly family: 4 | 6;
  readonly text: string;
  readonly bytes: readonly number[];
}

/**
 * The address that `text` spells, or undefined if it spells none.
 * ipaddr.js alone reads `192.0.2.010` as octal and `192.168.1` as 192.168.0.1, so `net.isIP` decides what an address is.
 * It lets zone ids (`fe80::1%eth0`) through, which no DNS record can hold.
 */
export function parseAddress(text: string): Address | undefined {
  const trimmed = text.trim();
  if (isIP(trimmed) === 0 || trimmed.includes('%')) return undefined;
  const parsed = ipaddr.parse(trimmed);
  if (parsed instanceof ipaddr.IPv6) return { family: 6, text: parsed.toRFC5952String(), bytes: parsed.toByteArray() };
  return { family: 4, text: parsed.toString(), bytes: parsed.toByteArray() };
}

/** The addresses among `texts`, in their order and each once. */
export function parseAddresses(texts: readonly string[]): Address[] {
  const found = new Map<string, Address>();
  for (const text of texts) {
    const address = parseAddress(text);
    if (address !== undefined && !found.has(address.text)) found.set(address.text, address);
  }
  return [...found.values()];
}
