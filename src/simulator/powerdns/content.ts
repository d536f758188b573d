import { isIPv6 } from 'node:net';
import { nameFault, printed } from './names.ts';
import { unprocessable } from './refusal.ts';

/** The types that are simulated. */
const parsers: Readonly<Record<string, (text: string, type: string) => string>> = {
  A: (text, type) => exact(text, type, ipv4),
  AAAA: ipv6,
  PTR: (text, type) => exact(text, type, host),
  CNAME: (text, type) => exact(text, type, host),
  NS: (text, type) => exact(text, type, host),
};

export function isSimulated(type: string): boolean {
  return Object.hasOwn(parsers, type);
}

/** A record's content as it is stored. The error texts are those of 4.7.3. */
export function readContent(name: string, type: string, text: string): string {
  try {
    return parsers[type]?.(text, type) ?? text;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw unprocessable(`Record ${name}/${type} '${text}': ${reason}`);
  }
}

/** Seen on 4.7.3: an A or a host name is accepted only as it would be printed, an AAAA in any spelling. */
function exact(text: string, type: string, parse: (field: string, text: string) => string): string {
  const [, field = '', rest = ''] = /^\s*(\S*)(.*)$/s.exec(text) ?? [];
  if (field === '') throw parsing("missing field at the end of record content ''");
  const parsed = parse(field, text.trimStart());
  if (rest.trim() !== '') throw new Error(`When parsing ${type} trailing data was not parsed: '${rest}'`);
  if (parsed !== text) throw new Error(`Not in expected format (parsed as '${parsed}')`);
  return parsed;
}

function ipv4(field: string, text: string): string {
  if (!/^\d/.test(field)) throw parsing(`while parsing IP address, expected digits at position 0 in '${text}'`);
  const octets: (number | undefined)[] = [undefined];
  for (const char of field) {
    const octet = octets.at(-1);
    if (char === '.') {
      if (octet === undefined) throw parsing('unable to parse IP address, dot without previous digit');
      if (octets.push(undefined) > 4) throw parsing('unable to parse IP address, too many dots');
      continue;
    }
    if (!/\d/.test(char)) throw parsing(`unable to parse IP address, strange character: ${char}`);
    const grown = (octet ?? 0) * 10 + Number(char);
    if (grown > 255) throw parsing('unable to parse IP address');
    octets[octets.length - 1] = grown;
  }
  if (octets.length < 4) throw parsing('unable to parse IP address, not enough dots');
  if (octets.at(-1) === undefined) throw parsing('unable to parse IP address, trailing dot');
  return octets.join('.');
}

function parsing(reason: string): Error {
  return new Error(`Parsing record content (try 'pdnsutil check-zone'): ${reason}`);
}

function ipv6(text: string): string {
  if (!isIPv6(text) || /[.%]/.test(text)) throw new Error('Invalid IPv6 address');
  return new URL(`http://[${text}]`).hostname.slice(1, -1);
}

function host(field: string): string {
  const name = field.endsWith('.') ? field : `${field}.`;
  const fault = nameFault(name);
  if (fault !== undefined) throw new Error(fault);
  return printed(name);
}
