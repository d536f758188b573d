import { type Clock, systemClock } from '../base/clock.ts';
import { refuse, succeed } from './cloudflare/answer.ts';
import { runBatch } from './cloudflare/batch.ts';
import { listPage } from './cloudflare/list.ts';
import { readRecord, type StoredRecord, type Zone } from './cloudflare/records.ts';
import { RateLimited, Refusal } from './cloudflare/refusal.ts';
import { type HttpFault, withHttpFault } from './http-fault.ts';
import type { SimHandler, SimRequest, SimResponse } from './wire.ts';

export type CloudflareRecord = Pick<StoredRecord, 'name' | 'type' | 'content'> &
  Partial<Pick<StoredRecord, 'ttl' | 'proxied'>>;

/**
 * Around the API, or inside it: 429 to the next `times` requests, `retryAfter` in seconds; 200 with `success: false`; an
 * error of its own.
 */
export type CloudflareFault =
  | HttpFault
  | { readonly do: 'rate-limit'; readonly retryAfter?: number; times: number }
  | { readonly do: 'failure-200'; readonly code: number }
  | { readonly do: 'error'; readonly status: number; readonly code: number };

export interface CloudflareOptions {
  readonly token: string;
  /** By zone id. */
  readonly zones: Readonly<Record<string, { readonly name: string; readonly records?: readonly CloudflareRecord[] }>>;
  /** Operations of one batch; default: 200, as on the smallest plan. */
  readonly operationsPerBatch?: number;
  readonly mostPerPage?: number;
  /** Records that a zone may hold; default: 200, as on the smallest plan. */
  readonly quota?: number;
  /** Requests in five minutes; default: 1,200. What is beyond is 429 until they are over. */
  readonly requestsPerWindow?: number;
  readonly clock?: Clock;
}

export interface CloudflareSimulator {
  readonly handle: SimHandler;
  /** Requests that were let in, with the number of operations of a batch. */
  readonly log: readonly { readonly method: string; readonly path: string; readonly operations: number }[];
  /** By zone id. Throws where there is no such zone. */
  zone(id: string): {
    /** `vm1.example.test A` → contents, sorted. */
    records(): Record<string, string[]>;
    readonly lines: readonly StoredRecord[];
    add(record: CloudflareRecord): void;
    remove(name: string): void;
  };
  /** From now on; without a fault all is well again. */
  setFault(fault?: CloudflareFault): void;
}

const windowMs = 300_000;
const recordsPath = /^\/client\/v4\/zones\/([^/]+)\/dns_records(\/batch)?$/;

/**
 * The part of Cloudflare's API v4 that lists the DNS records of a zone and changes them in batches, as its documentation and
 * public reports have it; A, AAAA, PTR, CNAME, NS and TXT.
 */
export function createCloudflareSimulator(options: CloudflareOptions): CloudflareSimulator {
  const { token, clock = systemClock, operationsPerBatch = 200, mostPerPage = 5_000, quota = 200 } = options;
  const { requestsPerWindow = 1_200 } = options;
  const zones = new Map<string, Zone>();
  const log: { method: string; path: string; operations: number }[] = [];
  let ids = 0;
  let fault: CloudflareFault | undefined;
  let window = { since: clock.monotonic(), requests: 0 };

  const nextId = () => {
    ids += 1;
    return ids.toString(16).padStart(32, '0');
  };
  function add(zone: Zone, record: CloudflareRecord): void {
    const base = { id: nextId(), ttl: 1, proxied: false, comment: null, ...record };
    zone.records = [...zone.records, readRecord(zone, base, {})];
  }
  for (const [id, { name, records = [] }] of Object.entries(options.zones)) {
    const zone: Zone = { id, name, quota, records: [] };
    for (const record of records) add(zone, record);
    zones.set(id, zone);
  }

  async function serveApi(request: SimRequest): Promise<SimResponse> {
    try {
      limitRate();
      return serveZone(request);
    } catch (error) {
      if (error instanceof Refusal) return refuse(error);
      throw error;
    }
  }

  function limitRate(): void {
    if (fault?.do === 'rate-limit' && fault.times > 0) {
      fault.times -= 1;
      throw new RateLimited(fault.retryAfter);
    }
    const now = clock.monotonic();
    if (now - window.since >= windowMs) window = { since: now, requests: 0 };
    window.requests += 1;
    if (window.requests > requestsPerWindow) {
      throw new RateLimited(Math.ceil((window.since + windowMs - now) / 1_000));
    }
  }

  function serveZone({ method, url, headers, body }: SimRequest): SimResponse {
    const { pathname, searchParams } = new URL(url, 'http://localhost');
    logIn(headers.authorization);
    if (fault?.do === 'failure-200') throw new Refusal(200, { code: fault.code, message: 'simulated' });
    if (fault?.do === 'error') throw new Refusal(fault.status, { code: fault.code, message: 'simulated' });
    const [, id = '', batch] = recordsPath.exec(pathname) ?? [];
    const zone = zones.get(decodeURIComponent(id));
    if (zone === undefined) throw noZone(pathname, id);
    if (method === 'GET' && batch === undefined) {
      log.push({ method, path: `${pathname}?${searchParams}`, operations: 0 });
      return succeed(listPage(zone, searchParams, mostPerPage));
    }
    if (method !== 'POST' || batch === undefined) {
      throw new Refusal(405, { code: 10000, message: 'Method not allowed for this authentication scheme' });
    }
    const entry = { method, path: pathname, operations: 0 };
    log.push(entry);
    const result = runBatch(zone, body, operationsPerBatch, nextId);
    entry.operations = Object.values(result).flat().length;
    return succeed({ result });
  }

  function logIn(authorization: string | undefined): void {
    if (authorization === undefined) {
      throw new Refusal(400, { code: 9106, message: 'Missing X-Auth-Key, X-Auth-Email or Authorization headers' });
    }
    if (!/^Bearer \S+$/.test(authorization)) {
      const error_chain = [{ code: 6111, message: 'Invalid format for Authorization header' }];
      throw new Refusal(400, { code: 6003, message: 'Invalid request headers', error_chain });
    }
    if (authorization !== `Bearer ${token}`) throw new Refusal(403, { code: 9109, message: 'Invalid access token' });
  }

  function zoneOf(id: string): Zone {
    const zone = zones.get(id);
    if (zone === undefined) throw new Error(`no zone ${id} in the simulated Cloudflare`);
    return zone;
  }

  return {
    handle: withHttpFault(serveApi, () => (isAround(fault) ? fault : undefined), clock),
    log,
    setFault(next) {
      fault = next && { ...next };
    },
    zone: (id) => {
      const zone = zoneOf(id);
      return {
        records: () => recordsOf(zone),
        get lines() {
          return zone.records;
        },
        add: (record) => add(zone, record),
        remove(name) {
          zone.records = zone.records.filter((record) => record.name !== name);
        },
      };
    },
  };
}

function isAround(fault: CloudflareFault | undefined): fault is HttpFault {
  return fault?.do === 'down' || fault?.do === 'slow' || fault?.do === 'html';
}

function noZone(pathname: string, id: string): Refusal {
  if (/^[0-9a-f]{32}$/.test(id)) return new Refusal(403, { code: 10000, message: 'Authentication error' });
  const message = `Could not route to ${pathname}, perhaps your object identifier is invalid?`;
  return new Refusal(404, { code: 7003, message });
}

function recordsOf({ records }: Zone): Record<string, string[]> {
  const sets = Map.groupBy(records, ({ name, type }) => `${name} ${type}`);
  const entries = [...sets].map(([key, set]): [string, string[]] => [key, set.map(({ content }) => content).sort()]);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
