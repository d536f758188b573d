import { isIPv4, isIPv6 } from 'node:net';
import { badRequest, invalid } from './refusal.ts';

export interface StoredRecord {
  readonly id: string;
  /** Full, in lower case, without a final dot. */
  readonly name: string;
  readonly type: string;
  readonly content: string;
  /** Seconds; 1: automatic. */
  readonly ttl: number;
  readonly proxied: boolean;
  readonly comment: string | null;
}

export interface Zone {
  readonly id: string;
  readonly name: string;
  /** Records that the plan allows. */
  readonly quota: number;
  records: readonly StoredRecord[];
}

export type Json = Readonly<Record<string, unknown>>;

export function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The record that `given` describes on top of `base`, checked on its own. */
export function readRecord(
  zone: Zone,
  base: Omit<StoredRecord, 'name'> & { name?: string },
  given: Json,
): StoredRecord {
  const type = typeof given.type === 'string' ? given.type : base.type;
  const name = fullName(zone, typeof given.name === 'string' ? given.name : (base.name ?? ''));
  const ttl = typeof given.ttl === 'number' ? given.ttl : base.ttl;
  const proxied = typeof given.proxied === 'boolean' ? given.proxied : base.proxied;
  const comment = typeof given.comment === 'string' ? given.comment : base.comment;
  const content = readContent(type, typeof given.content === 'string' ? given.content : base.content);
  if (ttl !== 1 && (ttl < 60 || ttl > 86_400)) {
    throw invalid(9021, 'Invalid TTL. Must be between 60 and 86400 seconds, or 1 for Automatic.');
  }
  if (proxied && type !== 'A' && type !== 'AAAA' && type !== 'CNAME') {
    throw badRequest(9004, 'This record type cannot be proxied.');
  }
  return { id: base.id, name, type, content, ttl: proxied ? 1 : ttl, proxied, comment };
}

// A name outside the zone is taken for a relative one.
function fullName(zone: Zone, given: string): string {
  const name = given.toLowerCase().replace(/\.$/, '');
  if (name === '') throw invalid(9000, 'DNS name is invalid.');
  if (name === '@') return zone.name;
  return name === zone.name || name.endsWith(`.${zone.name}`) ? name : `${name}.${zone.name}`;
}

function readContent(type: string, content: string): string {
  if (type === 'A' && !isIPv4(content)) throw badRequest(9005, 'Content for A record must be a valid IPv4 address.');
  if (type === 'AAAA') {
    if (!isIPv6(content)) throw badRequest(9006, 'Content for AAAA record must be a valid IPv6 address.');
    return new URL(`http://[${content}]`).hostname.slice(1, -1);
  }
  if (type === 'PTR' || type === 'CNAME' || type === 'NS') {
    const host = content.replace(/\.$/, '');
    const isHost = host.split('.').every((label) => /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/i.test(label));
    if (!isHost) throw invalid(9007, `Content for ${type} record is invalid.`);
    return host.toLowerCase();
  }
  if (type !== 'A' && type !== 'TXT') throw invalid(9999, `DNS record type ${type} is not simulated.`);
  return content;
}

/** Whether `record` fits beside the others. */
export function checkBeside(others: readonly StoredRecord[], record: StoredRecord): void {
  const { name, type, content } = record;
  const same = others.filter((other) => other.name === name && other.id !== record.id);
  if (same.some((other) => other.type === type && other.content === content)) {
    throw badRequest(81058, 'An identical record already exists.');
  }
  const addresses = ['A', 'AAAA'];
  if (type === 'CNAME' && same.some((other) => [...addresses, 'CNAME'].includes(other.type))) {
    throw badRequest(81053, 'An A, AAAA, or CNAME record with that host already exists.');
  }
  if (addresses.includes(type) && same.some((other) => other.type === 'CNAME')) {
    throw badRequest(81054, 'A CNAME record with that host already exists.');
  }
}
