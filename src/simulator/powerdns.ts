import { STATUS_CODES } from 'node:http';
import { type Clock, systemClock } from '../base/clock.ts';
import { readZoneId, withDot } from './powerdns/names.ts';
import { patchZone } from './powerdns/patch.ts';
import { Refusal } from './powerdns/refusal.ts';
import { createZone, putSet, served, viewZone, type Zone } from './powerdns/zone.ts';
import { ConnectionLost, type SimHandler, type SimRequest, type SimResponse } from './wire.ts';

/** Names with or without their final dot; the host names in `records` with it. `ttl` in seconds. */
export interface PowerdnsRrset {
  readonly name: string;
  readonly type: string;
  readonly ttl: number;
  readonly records: readonly string[];
}

/** What goes wrong with every request: no connection, this status and nothing done, or an answer only after `ms`. */
export type PowerdnsFault =
  | { readonly do: 'down' }
  | { readonly do: 'status'; readonly status: number; readonly text?: string }
  | { readonly do: 'slow'; readonly ms: number };

export interface PowerdnsSimulator {
  readonly handle: SimHandler;
  /** What is in a zone now. Throws where there is no such zone. */
  zone(name: string): {
    /** YYYYMMDDnn; grows with every PATCH that was done. */
    readonly serial: number;
    /** Everything but SOA and NS: `vm1.example.test A` → contents, sorted. */
    records(): Record<string, string[]>;
  };
  /** From now on; without a fault all is well again. */
  setFault(fault?: PowerdnsFault): void;
}

export interface PowerdnsOptions {
  readonly apiKey: string;
  readonly zones: Readonly<Record<string, readonly PowerdnsRrset[]>>;
  readonly clock?: Clock;
}

const zonePath = /^\/api\/v1\/servers\/localhost\/zones\/([^/]+)$/;

/**
 * The HTTP API of a PowerDNS Authoritative Server as 4.7.3 answers, as far as vmctl uses it: `GET` of a zone (`rrset_name`,
 * `rrset_type`, `rrsets`) and `PATCH` with REPLACE and DELETE of A, AAAA, PTR, CNAME and NS sets. It keeps no comments.
 */
export function createPowerdnsSimulator({ apiKey, zones, clock = systemClock }: PowerdnsOptions): PowerdnsSimulator {
  const known = new Map(Object.entries(zones).map(([name, sets]) => [withDot(name), filledZone(name, sets, clock)]));
  let fault: PowerdnsFault | undefined;

  async function handle(request: SimRequest): Promise<SimResponse> {
    if (fault?.do === 'down') throw new ConnectionLost('ECONNREFUSED');
    if (fault?.do === 'slow') await clock.sleep(fault.ms);
    try {
      if (fault?.do === 'status') throw new Refusal(fault.status, fault.text ?? STATUS_CODES[fault.status] ?? '');
      return serveZone(request);
    } catch (error) {
      if (error instanceof Refusal) return refuse(error, request.headers.accept ?? '');
      throw error;
    }
  }

  function serveZone({ method, url, headers, body }: SimRequest): SimResponse {
    const { pathname, searchParams } = new URL(url, 'http://localhost');
    const id = zonePath.exec(pathname)?.[1];
    if (id === undefined) throw new Refusal(404, 'Not Found');
    if (headers['x-api-key'] !== apiKey) throw new Refusal(401, 'Unauthorized');
    if (method !== 'GET' && method !== 'PATCH') throw new Refusal(405, 'Method Not Allowed');
    const zone = readZoneId(decodeURIComponent(id));
    const found = known.get(zone);
    if (found === undefined) throw new Refusal(404, 'Not Found');
    if (method === 'GET') return respond(200, JSON.stringify(viewZone(found, searchParams)));
    patchZone(found, body, clock.now());
    return respond(204, '');
  }

  return {
    handle,
    setFault(next) {
      fault = next;
    },
    zone(name) {
      const zone = known.get(withDot(name));
      if (zone === undefined) throw new Error(`no zone ${name} in the simulated PowerDNS`);
      return {
        get serial() {
          return zone.serial;
        },
        records: () => recordsOf(zone),
      };
    },
  };
}

function filledZone(name: string, sets: readonly PowerdnsRrset[], clock: Clock): Zone {
  const zone = createZone(name, clock.now());
  for (const set of sets) putSet(zone.sets, { ...set, name: withDot(set.name), records: set.records.map(served) });
  return zone;
}

function recordsOf(zone: Zone): Record<string, string[]> {
  const sets = [...zone.sets.values()].filter(({ type }) => type !== 'SOA' && type !== 'NS');
  const entries = sets.map(({ name, type, records }): [string, string[]] => [
    `${name.slice(0, -1)} ${type}`,
    records.map(({ content }) => content).sort(),
  ]);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function refuse({ status, message }: Refusal, accept: string): SimResponse {
  if (status === 422 || accept.includes('application/json')) return respond(status, JSON.stringify({ error: message }));
  return respond(status, message, 'text/plain; charset=utf-8');
}

function respond(status: number, body: string, type = 'application/json'): SimResponse {
  const headers: Record<string, string> = { Connection: 'close', 'Content-Length': String(Buffer.byteLength(body)) };
  if (status !== 204) headers['Content-Type'] = type;
  if (status === 401) headers['WWW-Authenticate'] = 'X-API-Key realm="PowerDNS"';
  return { status, reason: STATUS_CODES[status] ?? 'Error', headers, body };
}
