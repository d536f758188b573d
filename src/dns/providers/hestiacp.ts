import type { HestiacpZone } from '../../settings/types.ts';
import { DnsError } from '../errors.ts';
import { normalizeName } from '../names.ts';
import {
  keyText,
  type Rrset,
  type RrsetChange,
  type RrsetKey,
  type RrsetResult,
  type ZoneProvider,
} from '../provider.ts';
import type { DnsResponse, Sender } from '../sender.ts';
import { done, failed } from './answer.ts';
import { type HeldRecord, toSets } from './held-records.ts';
import { failureOf, type HestiacpFailure } from './hestiacp-errors.ts';
import { commandBody, exitCodeOf, type HestiacpCommand, parseListing, sharedIds, unfitName } from './hestiacp-wire.ts';
import { type HestiacpWrite, writesOf } from './hestiacp-writes.ts';

/**
 * A zone of a HestiaCP server (its source read at 1.10), by an access key or a password. It knows single records by id:
 * the zone is listed and the difference written record by record. Only the last write asks for a restart of the DNS server.
 */
export function openHestiacp(zone: HestiacpZone, send: Sender, signal?: AbortSignal): ZoneProvider {
  const url = new URL('api/', zone.url.replace(/\/*$/, '/')).href;
  const domain = normalizeName(zone.zone);
  let listed: HeldRecord[] | undefined;

  function run(command: HestiacpCommand, args: readonly string[]): Promise<DnsResponse> {
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
    const body = commandBody(zone.auth, command, args);
    return send({ method: 'POST', url, headers, body, trust: zone.tls }, signal);
  }

  async function list(): Promise<HeldRecord[]> {
    if (/[/_]/.test(domain)) {
      throw new DnsError('permanent', `HestiaCP has no zones with / or _ in their name, as ${domain} has`, {
        cure: 'take the zone out of the configuration, or give it to another provider',
      });
    }
    const response = await run('v-list-dns-records', [zone.owner, domain, 'json']);
    const records = exitCodeOf(response) || response.status !== 200 ? undefined : parseListing(response.text, domain);
    if (records === undefined) throw failureOf(zone, response, 'v-list-dns-records').error;
    return records;
  }

  async function read(keys: readonly RrsetKey[]): Promise<Rrset[]> {
    listed = await list();
    const wanted = new Set(keys.map(keyText));
    return toSets(listed.filter((record) => wanted.has(keyText(record))));
  }

  async function write(step: HestiacpWrite, restart: 'yes' | 'no'): Promise<HestiacpFailure | undefined> {
    const response = await run(step.command, step.args(restart));
    const code = exitCodeOf(response);
    // 20: it is written, only the restart failed.
    if (code === 0 || code === 20) return undefined;
    if (code === 3 && step.command !== 'v-add-dns-record') return step.instead && write(step.instead, restart);
    if (code === 4 && (await isThere(step))) return undefined;
    return failureOf(zone, response, step.command);
  }

  async function isThere({ wanted }: HestiacpWrite): Promise<boolean> {
    if (wanted === undefined) return false;
    const records = await list();
    return records.some((one) => keyText(one) === keyText(wanted.key) && one.content === wanted.content);
  }

  async function apply(changes: readonly RrsetChange[]): Promise<RrsetResult[]> {
    const records = listed ?? (await list());
    listed = undefined;
    const plans = planWrites(changes, records, { owner: zone.owner, zone: domain });
    const last = plans.flatMap(({ writes }) => writes).at(-1);
    let unserved = false;

    async function carryOut(writes: readonly HestiacpWrite[]): Promise<HestiacpFailure | undefined> {
      for (const step of writes) {
        const failure = await write(step, step === last ? 'yes' : 'no');
        if (failure !== undefined) return failure;
        unserved = step !== last;
      }
      return undefined;
    }

    const results: RrsetResult[] = [];
    let stopped: HestiacpFailure | undefined;
    for (const { change, obstacle, writes } of plans) {
      const failure = obstacle ?? stopped ?? (await carryOut(writes));
      // Whatever is not the fault of this very set would be said of the next ones too.
      if (failure !== obstacle && failure?.kind !== 'refused') stopped = failure;
      results.push(failure ? failed(change, { kind: failure.kind, message: failure.error.message }) : done(change));
    }
    // The write that was to restart the server was not done. Only an administrator's key can do it by itself.
    if (unserved) await run('v-restart-dns', ['yes']).catch(() => undefined);
    return results;
  }

  return { read, apply };
}

interface PlannedChange {
  readonly change: RrsetChange;
  readonly writes: readonly HestiacpWrite[];
  /** Why nothing is sent. */
  readonly obstacle?: HestiacpFailure;
}

function planWrites(
  changes: readonly RrsetChange[],
  records: readonly HeldRecord[],
  place: { readonly owner: string; readonly zone: string },
): PlannedChange[] {
  const sets = Map.groupBy(records, keyText);
  const shared = sharedIds(records);
  return changes.map((change) => {
    const held = sets.get(keyText(change)) ?? [];
    const writes = writesOf(place, change, held);
    const twice = held.find(({ id }) => shared.has(id));
    if (twice !== undefined) {
      const message = `two records of the zone ${place.zone} have the id ${twice.id}: a change would hit both`;
      const error = new DnsError('permanent', message, { cure: 'delete one of them by hand' });
      return { change, writes: [], obstacle: { kind: 'permanent', error } };
    }
    const fault = change.records.length > 0 ? unfitName(change.name, place.zone) : undefined;
    if (fault === undefined) return { change, writes };
    return { change, writes: [], obstacle: { kind: 'refused', error: new DnsError('permanent', fault) } };
  });
}
