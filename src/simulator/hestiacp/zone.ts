/** A line of the zone's file. */
export interface StoredRecord {
  readonly id: number;
  readonly record: string;
  readonly type: string;
  readonly value: string;
  readonly suspended: boolean;
  /** '' takes the zone's. Seconds. */
  readonly ttl: string;
}

export interface Zone {
  readonly name: string;
  readonly ttl: string;
  suspended: boolean;
  /** By id. One id may be there twice: nothing locks the highest one while the next is made. */
  records: StoredRecord[];
}

export function nextId({ records }: Zone): number {
  return Math.max(0, ...records.map(({ id }) => id)) + 1;
}

export function putRecord(zone: Zone, record: StoredRecord): void {
  zone.records = [...zone.records, record].sort((a, b) => a.id - b.id);
}

/** All lines with that id, as `sed` does it. */
export function dropRecord(zone: Zone, id: number): void {
  zone.records = zone.records.filter((record) => record.id !== id);
}

/** What `v-list-dns-records … json` prints. Only quotes are escaped: a backslash in a TXT record makes it no JSON. */
export function listingOf({ records, ttl }: Zone): string {
  const entries = records.map((record) => {
    const fields = {
      RECORD: record.record,
      TYPE: record.type,
      PRIORITY: '',
      VALUE: record.value.replaceAll('"', '\\"').replaceAll('     ', '\\u0009'),
      ID: record.id,
      SUSPENDED: record.suspended ? 'yes' : 'no',
      TIME: '12:00:00',
      DATE: '2026-11-22',
      TTL: record.ttl || ttl,
    };
    const lines = Object.entries(fields).map(([key, value]) => `        "${key}": "${value}"`);
    return `    "${record.id}": {\n${lines.join(',\n')}\n    }`;
  });
  return ['{', ...(entries.length === 0 ? [] : [entries.join(',\n')]), '}'].join('\n');
}
