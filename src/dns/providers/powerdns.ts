import type { PowerdnsZone } from '../../settings/types.ts';
import { DnsError } from '../errors.ts';
import {
  keyText,
  type Rrset,
  type RrsetChange,
  type RrsetKey,
  type RrsetResult,
  type ZoneProvider,
} from '../provider.ts';
import type { DnsRequest, DnsResponse, Sender } from '../sender.ts';
import { done, failed, kindOfStatus } from './answer.ts';
import { parseError, parseZone, patchBody, zoneId } from './powerdns-wire.ts';

/** Above this many names one look at the whole zone is cheaper than one look a name. */
const namesAskedSingly = 16;

/** Bad Request, Conflict, Content Too Large, Unprocessable Content: without some of the sets it may be accepted. */
const blamesSets = new Set([400, 409, 413, 422]);

/** A zone of a PowerDNS Authoritative Server, by its HTTP API (tried with 4.7.3). */
export function openPowerdns(zone: PowerdnsZone, send: Sender, signal?: AbortSignal): ZoneProvider {
  const base = zone.url.replace(/\/*$/, '/');
  const url = new URL(`api/v1/servers/${encodeURIComponent(zone.server)}/zones/${zoneId(zone.zone)}`, base).href;

  function call(method: DnsRequest['method'], query: string, body?: string): Promise<DnsResponse> {
    // Without the Accept header some errors come as plain text.
    const headers: Record<string, string> = { Accept: 'application/json', 'X-API-Key': zone.apiKey };
    if (body !== undefined) headers['Content-Type'] = 'application/json';
    return send({ method, url: url + query, headers, body, trust: zone.tls }, signal);
  }

  async function readSets(query: string): Promise<Rrset[]> {
    const response = await call('GET', query);
    if (response.status !== 200) throw refusal(zone, response);
    const sets = parseZone(response.text);
    if (sets !== undefined) return sets;
    throw new DnsError('permanent', `${zone.url} does not answer like a PowerDNS API`, {
      cure: `check the url of the zone ${zone.zone} in the configuration`,
    });
  }

  async function read(keys: readonly RrsetKey[]): Promise<Rrset[]> {
    const names = [...new Set(keys.map((key) => key.name))];
    const found: Rrset[] = [];
    if (names.length > namesAskedSingly) found.push(...(await readSets('')));
    else for (const name of names) found.push(...(await readSets(`?rrset_name=${encodeURIComponent(`${name}.`)}`)));
    const wanted = new Set(keys.map(keyText));
    return found.filter((set) => wanted.has(keyText(set)));
  }

  /** A PATCH is all or nothing: a refused one is halved until the culprit is alone. */
  async function apply(changes: readonly RrsetChange[]): Promise<RrsetResult[]> {
    const response = await call('PATCH', '', patchBody(changes));
    // Nothing else is a success: whoever stands in front of it may answer 200.
    if (response.status === 204) return changes.map(done);
    const { kind, message } = refusal(zone, response);
    if (!blamesSets.has(response.status)) return changes.map((change) => failed(change, { kind, message }));
    if (changes.length === 1) return changes.map((change) => failed(change, { kind: 'refused', message }));
    const middle = Math.ceil(changes.length / 2);
    const first = await apply(changes.slice(0, middle));
    return [...first, ...(await apply(changes.slice(middle)))];
  }

  return { read, apply };
}

function refusal(zone: PowerdnsZone, { status, text }: DnsResponse): DnsError {
  const kind = kindOfStatus(status);
  if (status === 404) {
    return new DnsError(kind, `no zone ${zone.zone} on server ${zone.server} at ${zone.url}`, {
      cure: 'create the zone there or take it out of the configuration',
    });
  }
  const reason = parseError(text);
  const message = reason === '' ? `HTTP ${status}` : `${reason} (HTTP ${status})`;
  if (status === 401 || status === 403) {
    return new DnsError(kind, `${zone.url}: ${message}`, { cure: `check the apiKey of the zone ${zone.zone}` });
  }
  return new DnsError(kind, message);
}
