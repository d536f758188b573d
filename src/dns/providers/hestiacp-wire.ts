import { domainToASCII } from 'node:url';
import { z } from 'zod';
import type { HestiacpZone } from '../../settings/types.ts';
import { normalizeName } from '../names.ts';
import { isRecordType } from '../provider.ts';
import type { DnsResponse } from '../sender.ts';
import { parseJson } from './answer.ts';
import { canonicalContent, type HeldRecord } from './held-records.ts';

export type HestiacpCommand =
  | 'v-list-dns-records'
  | 'v-add-dns-record'
  | 'v-change-dns-record'
  | 'v-delete-dns-record'
  | 'v-restart-dns';

const wireListing = z.record(
  z.string(),
  z.object({
    ID: z.string(),
    RECORD: z.string(),
    TYPE: z.string(),
    VALUE: z.string(),
    TTL: z.string(),
    SUSPENDED: z.string(),
  }),
);

/**
 * The form that runs a command. Empty arguments are sent too: HestiaCP drops one that is not there, and those after it
 * would take its place.
 */
export function commandBody(auth: HestiacpZone['auth'], cmd: HestiacpCommand, args: readonly string[]): string {
  const login =
    auth.kind === 'accessKey'
      ? { access_key: auth.accessKey, secret_key: auth.secretKey }
      : { user: auth.username, password: auth.password };
  // With a password a failed command is 200 like any other; its code comes only in place of what it prints.
  const returncode = auth.kind === 'password' && cmd !== 'v-list-dns-records' ? 'yes' : 'no';
  const numbered = Object.fromEntries(args.map((arg, index) => [`arg${index + 1}`, arg]));
  // Not URLSearchParams: it writes some characters in another way than those by which secrets are known in texts.
  return Object.entries({ ...login, returncode, cmd, ...numbered })
    .map(([name, text]) => `${name}=${encodeURIComponent(text)}`)
    .join('&');
}

/** Codes by what is printed, for a listing with a password and for versions that send no code. */
const codeOfText: readonly (readonly [RegExp, number])[] = [
  [/^No pending changes/, 4],
  [/^Error: .*doesn't exist/, 3],
  [/^Error: .*is suspended/, 5],
  [/^Error: .*limit is reached/, 8],
  [/^Error: (invalid|at least one)/, 2],
];

/** HestiaCP's exit code (0 is success), or undefined where the answer tells none: a listing with a password, or no HestiaCP. */
export function exitCodeOf({ status, headers, text }: DnsResponse): number | undefined {
  const printed = text.trim();
  const told = headers['hestia-exit-code'] ?? printed;
  if (/^\d{1,3}$/.test(told)) return Number(told);
  const known = codeOfText.find(([pattern]) => pattern.test(printed));
  if (known !== undefined) return known[1];
  if (status === 401) return 9;
  return (status === 200 || status === 204) && (printed === '' || printed === 'OK') ? 0 : undefined;
}

/** What the command printed, if it was an error text. */
export function errorTextOf({ text }: DnsResponse): string | undefined {
  return /^Error: ([^<]+)/.exec(text.trim())?.[1]?.trim().slice(0, 200);
}

/** The records of our types in a listing of `zone`, or undefined if the text is none. */
export function parseListing(text: string, zone: string): HeldRecord[] | undefined {
  // Two records may have one id (see `sharedIds`), and so one key in the listing.
  const distinct = text.replace(/"\d+":(?=\s*\{)/g, (_, at: number) => `"${at}":`);
  // A backslash, as in a TXT record, is not escaped; `\"` and `\u0009` are HestiaCP's own.
  const listing = wireListing.safeParse(parseJson(distinct) ?? parseJson(distinct.replace(/\\(?!"|u0009)/g, '\\\\')));
  if (!listing.success) return undefined;
  return Object.values(listing.data).flatMap(({ ID, RECORD, TYPE, VALUE, TTL, SUSPENDED }) => {
    if (!isRecordType(TYPE)) return [];
    const ttl = SUSPENDED === 'yes' ? 0 : Number(TTL);
    return [{ id: ID, name: fullName(RECORD, zone), type: TYPE, content: canonicalContent(TYPE, VALUE), ttl }];
  });
}

/** In ASCII, as all names here are; HestiaCP keeps what came in punycode in Unicode. */
function fullName(record: string, zone: string): string {
  if (record === '@') return zone;
  const name = normalizeName(record.endsWith('.') ? record : `${record}.${zone}`);
  // Only those: domainToASCII takes digits for an IPv4 address.
  return /[^\x20-\x7e]/.test(name) ? domainToASCII(name) || name : name;
}

/** The name as HestiaCP wants it, relative to the zone. */
export function relativeName(name: string, zone: string): string {
  return name === zone ? '@' : name.slice(0, -zone.length - 1);
}

/**
 * Why HestiaCP takes no record of that name, where that is known without asking; undefined where it may take it.
 * A label in punycode is decoded before it looks.
 */
export function unfitName(name: string, zone: string): string | undefined {
  const labels = relativeName(name, zone).split('.');
  const plain = labels.filter((label) => !label.startsWith('xn--'));
  const culprit = ['--', '__', '/'].find((part) => plain.some((label) => label.includes(part)));
  return culprit === undefined ? undefined : `HestiaCP takes no record name with ${culprit} in it, as in ${name}`;
}

/** Ids that two records have: HestiaCP takes the highest plus one without a lock, and a change of one hits both. */
export function sharedIds(records: readonly HeldRecord[]): Set<string> {
  const seen = new Set<string>();
  return new Set(records.flatMap(({ id }) => (seen.size === seen.add(id).size ? [id] : [])));
}
