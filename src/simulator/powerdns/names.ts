import { Refusal, unprocessable } from './refusal.ts';

/** Why a text that ends in a dot is no DNS name, in PowerDNS's words; undefined where it is one. */
export function nameFault(text: string): string | undefined {
  if (text === '.') return undefined;
  const labels = text.slice(0, -1).split('.');
  if (labels.includes('')) return `Found . in wrong position in DNSName ${text}`;
  if (labels.some((label) => Buffer.byteLength(label) > 63)) return 'label too long to append';
  return Buffer.byteLength(text) > 254 ? 'name too long to append' : undefined;
}

/** A name as PowerDNS prints it: bytes that are no printable ASCII as `\ddd`. */
export function printed(name: string): string {
  const escaped = (byte: number) => `\\${String(byte).padStart(3, '0')}`;
  return [...Buffer.from(name)]
    .map((byte) => (byte > 0x20 && byte < 0x7f ? String.fromCharCode(byte) : escaped(byte)))
    .join('');
}

/** The name of an rrset in a request, as it was written. */
export function readName(text: string): string {
  if (!text.endsWith('.')) throw unprocessable(`DNS Name '${text}' is not canonical`);
  if (nameFault(text) !== undefined) throw unprocessable(`Unable to parse DNS Name '${text}'`);
  if (/[^A-Za-z0-9_/.-]/.test(text.replace(/^\*\./, ''))) {
    throw unprocessable(`Name '${printed(text)}' contains unsupported characters`);
  }
  return text;
}

/** The zone that an id in a path names, in lower case with its final dot: `0=2F25.2.0.192.in-addr.arpa.` has a `/`. */
export function readZoneId(id: string): string {
  const text = id.replace(/=(..?)?/g, (_, digits: string | undefined) => {
    if (digits === undefined || !/^[0-9A-F]{2}$/.test(digits)) throw new Refusal(400, 'Bad Request');
    return String.fromCharCode(Number.parseInt(digits, 16));
  });
  const name = withDot(text);
  if (nameFault(name) !== undefined) throw unprocessable(`Unable to parse DNS Name '${text}'`);
  return name;
}

export function withDot(name: string): string {
  return name.endsWith('.') ? name.toLowerCase() : `${name.toLowerCase()}.`;
}

export function zoneIdOf(name: string): string {
  const encode = (char: string) => `=${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
  return name.replace(/[^A-Za-z0-9.-]/g, encode);
}

export function isPartOf(name: string, zone: string): boolean {
  const lower = name.toLowerCase();
  return lower === zone || lower.endsWith(`.${zone}`);
}
