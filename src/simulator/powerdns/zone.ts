import { withDot, zoneIdOf } from './names.ts';
import { Refusal, unprocessable } from './refusal.ts';

export interface StoredRecord {
  readonly content: string;
  readonly disabled: boolean;
}

export interface StoredSet {
  /** In lower case, with its final dot. */
  readonly name: string;
  readonly type: string;
  readonly ttl: number;
  readonly records: readonly StoredRecord[];
}

export interface Zone {
  /** In lower case, with its final dot. */
  readonly name: string;
  /** YYYYMMDDnn. */
  serial: number;
  /** By `setKey`. */
  sets: Map<string, StoredSet>;
}

export function setKey(name: string, type: string): string {
  return `${name.toLowerCase()} ${type}`;
}

/** A new zone with its SOA and one NS record, as `default-soa-content=ns1.@ hostmaster.@ …` makes it. */
export function createZone(name: string, now: number): Zone {
  const zone: Zone = { name: withDot(name), serial: 0, sets: new Map() };
  putSet(zone.sets, { name: zone.name, type: 'NS', ttl: 3600, records: [served(`ns1.${zone.name}`)] });
  putSet(zone.sets, { name: zone.name, type: 'SOA', ttl: 3600, records: [served('')] });
  raiseSerial(zone, now);
  return zone;
}

export function served(content: string): StoredRecord {
  return { content, disabled: false };
}

/** A set without records is none. */
export function putSet(sets: Map<string, StoredSet>, set: StoredSet): void {
  const key = setKey(set.name, set.type);
  if (set.records.length === 0) sets.delete(key);
  else sets.set(key, set);
}

/** Every PATCH does this, also one that changes nothing (`soa_edit_api` DEFAULT). */
export function raiseSerial(zone: Zone, now: number): void {
  const today = Number(new Date(now).toISOString().slice(0, 10).replaceAll('-', '')) * 100;
  zone.serial = Math.max(zone.serial, today) + 1;
  const soa = zone.sets.get(setKey(zone.name, 'SOA'));
  if (soa === undefined) return;
  const content = `ns1.${zone.name} hostmaster.${zone.name} ${zone.serial} 10800 3600 604800 3600`;
  putSet(zone.sets, { ...soa, records: [served(content)] });
}

/** Whether `GET …?rrsets=` asks for the sets too. */
function wantsSets(query: URLSearchParams): boolean {
  const value = query.get('rrsets') ?? 'true';
  if (value === 'true' || value === 'false') return value === 'true';
  throw unprocessable(`'rrsets' request parameter value '${value}' is not supported`);
}

/** The answer to `GET …/zones/{id}`, with `rrset_name`, `rrset_type` and `rrsets`. */
export function viewZone(zone: Zone, query: URLSearchParams): object {
  const id = zoneIdOf(zone.name);
  return {
    account: '',
    api_rectify: false,
    catalog: '',
    dnssec: false,
    edited_serial: zone.serial,
    id,
    kind: 'Native',
    last_check: 0,
    master_tsig_key_ids: [],
    masters: [],
    name: zone.name,
    notified_serial: 0,
    nsec3narrow: false,
    nsec3param: '',
    ...(wantsSets(query) ? { rrsets: viewSets(zone, query) } : {}),
    serial: zone.serial,
    slave_tsig_key_ids: [],
    soa_edit: '',
    soa_edit_api: 'DEFAULT',
    url: `/api/v1/servers/localhost/zones/${id}`,
  };
}

function viewSets(zone: Zone, query: URLSearchParams): object[] {
  const view = (set: StoredSet) => ({ comments: [], ...set });
  const asked = query.get('rrset_name');
  if (asked === null) return [...zone.sets.values()].map(view);
  if (asked.includes('..')) throw new Refusal(500, 'Internal Server Error');
  const name = asked.endsWith('.') ? asked : `${asked}.`;
  const type = query.get('rrset_type')?.toUpperCase();
  // Seen on 4.7.3: the name comes back as it was asked, and disabled records only in the whole zone.
  return [...zone.sets.values()]
    .filter((set) => set.name === name.toLowerCase() && (type === undefined || set.type === type))
    .map((set) => ({ ...set, name, records: set.records.filter(({ disabled }) => !disabled) }))
    .filter(({ records }) => records.length > 0)
    .map(view);
}
