import { z } from 'zod';
import { parseAddress } from '../addresses.ts';
import { normalizeName } from '../names.ts';
import { isRecordType, type Rrset, type RrsetChange } from '../provider.ts';
import { parseJson } from './answer.ts';

const wireRrset = z.object({
  name: z.string(),
  type: z.string(),
  ttl: z.number(),
  records: z.array(z.object({ content: z.string(), disabled: z.boolean().default(false) })),
});
const wireZone = z.object({ rrsets: z.array(wireRrset) });
const wireError = z.object({ error: z.string() });

type WireRrset = z.infer<typeof wireRrset>;

/**
 * A zone's id in the API's paths: its name with the final dot, everything but letters, digits, `.` and `-` as `=XX`.
 * Seen on 4.7.3: `0/25.3.0.192.in-addr.arpa.` is `0=2F25.3.0.192.in-addr.arpa.`
 */
export function zoneId(zone: string): string {
  const encode = (char: string) => `=${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
  return `${normalizeName(zone).replace(/[^a-z0-9.-]/g, encode)}.`;
}

/** The body of the PATCH that makes every set of `changes` what it shall be. */
export function patchBody(changes: readonly RrsetChange[]): string {
  return JSON.stringify({ rrsets: changes.map(patchRrset) });
}

// REPLACE and DELETE of whole sets: EXTEND and PRUNE came only with 4.9.12 and 5.0.2 (4.7.3 answers 422).
function patchRrset({ name, type, ttl, records }: RrsetChange): object {
  const set = { name: `${name}.`, type };
  if (records.length === 0) return { ...set, changetype: 'DELETE' };
  const contents = records.map((record) => ({ content: type === 'PTR' ? `${record}.` : record, disabled: false }));
  return { ...set, changetype: 'REPLACE', ttl, records: contents };
}

/** The sets of our types in the answer to `GET …/zones/{id}`, or undefined if it is not such an answer. */
export function parseZone(text: string): Rrset[] | undefined {
  const zone = wireZone.safeParse(parseJson(text));
  return zone.success ? zone.data.rrsets.flatMap(toRrset) : undefined;
}

function toRrset({ name, type, ttl, records }: WireRrset): Rrset[] {
  if (!isRecordType(type)) return [];
  const canonical = ({ content }: { content: string }) =>
    type === 'PTR' ? normalizeName(content) : (parseAddress(content)?.text ?? content);
  // Seen on 4.7.3: only a look at the whole zone shows disabled records.
  const served = records.filter(({ disabled }) => !disabled).map(canonical);
  return served.length === 0 ? [] : [{ name: normalizeName(name), type, ttl, records: served }];
}

/** The reason in an error answer: `{"error": …}`, else its text; nothing of a page, which is not PowerDNS's. */
export function parseError(text: string): string {
  const body = wireError.safeParse(parseJson(text));
  if (body.success) return body.data.error;
  const reason = text.trim().slice(0, 200);
  return reason.startsWith('<') ? '' : reason;
}
