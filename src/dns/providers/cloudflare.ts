import type { Clock } from '../../base/clock.ts';
import type { CloudflareZone } from '../../settings/types.ts';
import { DnsError } from '../errors.ts';
import {
  keyText,
  type Rrset,
  type RrsetChange,
  type RrsetKey,
  type RrsetResult,
  type ZoneProvider,
} from '../provider.ts';
import type { Sender } from '../sender.ts';
import { done, failed } from './answer.ts';
import { createCloudflareCaller } from './cloudflare-call.ts';
import { type CloudflareFailure, failureOf } from './cloudflare-errors.ts';
import { batchOf, type CloudflareBatch, joinBatches, parsePage, sizeOf } from './cloudflare-wire.ts';
import { type HeldRecord, toSets } from './held-records.ts';

/** Above this many names one look at the whole zone is cheaper than one look a name. */
const namesAskedSingly = 8;
const recordsPerPage = 1_000;
/** What the smallest plan allows in one batch. */
const operationsPerBatch = 200;
/** All that Cloudflare takes beside 1, which lets it choose. Seconds. */
const ttls = { least: 60, most: 86_400 };

interface Item {
  readonly change: RrsetChange;
  readonly operations: CloudflareBatch;
}

/** A zone at Cloudflare, by an API token with DNS Write. It knows single records by id and writes them in batches. */
export function openCloudflare(zone: CloudflareZone, send: Sender, clock: Clock, signal?: AbortSignal): ZoneProvider {
  const call = createCloudflareCaller(zone, send, clock, signal);
  const ttl = zone.ttl === 1 ? 1 : Math.min(Math.max(zone.ttl, ttls.least), ttls.most);
  const known = new Map<string, HeldRecord[]>();

  async function list(query: string): Promise<HeldRecord[]> {
    const found: HeldRecord[] = [];
    for (let number = 1; ; number += 1) {
      const path = `dns_records?${query}per_page=${recordsPerPage}&page=${number}`;
      const response = await call({ method: 'GET', path });
      const failure = failureOf(zone, response);
      if (failure !== undefined) throw failure.error;
      const page = parsePage(response.text);
      if (page === undefined) {
        throw new DnsError('permanent', `${zone.url} does not answer like the Cloudflare API`, {
          cure: `check the url of the zone ${zone.zone}`,
        });
      }
      found.push(...page.records);
      if (page.isLast) return found;
    }
  }

  /** Looks up the records of the keys, all of them afresh. */
  async function lookUp(keys: readonly RrsetKey[]): Promise<void> {
    const names = [...new Set(keys.map(({ name }) => name))];
    const found: HeldRecord[] = [];
    if (names.length > namesAskedSingly) found.push(...(await list('')));
    else for (const name of names) found.push(...(await list(`name.exact=${encodeURIComponent(name)}&`)));
    for (const key of keys) known.set(keyText(key), []);
    for (const record of found) known.get(keyText(record))?.push(record);
  }

  async function read(keys: readonly RrsetKey[]): Promise<Rrset[]> {
    await lookUp(keys);
    const sets = toSets([...new Set(keys.map(keyText))].flatMap((key) => known.get(key) ?? []));
    // What was set with a TTL that Cloudflare does not take reads as it was set.
    return sets.map((set) => (set.ttl === ttl ? { ...set, ttl: zone.ttl } : set));
  }

  /** Somebody was faster: now there may be nothing left to do. What he has added beside is not ours to take away. */
  async function lookAgain(change: RrsetChange): Promise<void> {
    const key = keyText(change);
    const seen = new Set(known.get(key)?.map(({ id }) => id));
    await lookUp([change]);
    const held = known.get(key) ?? [];
    known.set(
      key,
      held.filter(({ id, content }) => seen.has(id) || change.records.includes(content)),
    );
  }

  function toItem(change: RrsetChange): Item {
    const sent = change.ttl === zone.ttl ? { ...change, ttl } : change;
    return { change, operations: batchOf(sent, known.get(keyText(change)) ?? []) };
  }

  async function sendBatch(items: readonly Item[]): Promise<CloudflareFailure | undefined> {
    const body = joinBatches(items.map(({ operations }) => operations));
    if (sizeOf(body) === 0) return undefined;
    return failureOf(zone, await call({ method: 'POST', path: 'dns_records/batch', body }));
  }

  /** A batch is all or nothing: one that is not the server's or the zone's fault is halved until the culprit is alone. */
  async function write(items: readonly Item[], again = false): Promise<RrsetResult[]> {
    const failure = await sendBatch(items);
    if (failure === undefined) return items.map(({ change }) => done(change));
    const { kind, error } = failure;
    if ((kind === 'stale' || kind === 'refused') && items.length > 1) {
      const middle = Math.ceil(items.length / 2);
      const first = await write(items.slice(0, middle));
      return [...first, ...(await write(items.slice(middle)))];
    }
    if (kind === 'stale' && !again) {
      for (const { change } of items) await lookAgain(change);
      return write(
        items.map(({ change }) => toItem(change)),
        true,
      );
    }
    const outcome = { kind: kind === 'stale' ? 'refused' : kind, message: error.message } as const;
    return items.map(({ change }) => failed(change, outcome));
  }

  async function apply(changes: readonly RrsetChange[]): Promise<RrsetResult[]> {
    const unknown = changes.filter((change) => !known.has(keyText(change)));
    if (unknown.length > 0) await lookUp(unknown);
    const results: RrsetResult[] = [];
    for (const batch of inBatches(changes.map(toItem))) {
      const stopped = results.find((result) => !result.ok && result.kind !== 'refused');
      if (stopped?.ok === false) results.push(...batch.map(({ change }) => failed(change, stopped)));
      else results.push(...(await write(batch)));
    }
    known.clear();
    return results;
  }

  return { read, apply };
}

/** As many sets at once as one batch may hold. */
function inBatches(items: readonly Item[]): Item[][] {
  const batches: Item[][] = [];
  let room = 0;
  for (const item of items) {
    const size = sizeOf(item.operations);
    if (size > room || batches.length === 0) {
      batches.push([]);
      room = operationsPerBatch;
    }
    room -= size;
    batches.at(-1)?.push(item);
  }
  return batches;
}
