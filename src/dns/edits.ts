import type { Rrset, RrsetChange, RrsetKey } from './provider.ts';

/** The set without `contents`; undefined if it has none of them. Other records stay. */
export function withoutContents(current: Rrset | undefined, contents: readonly string[]): RrsetChange | undefined {
  const records = current?.records.filter((record) => !contents.includes(record)) ?? [];
  return current === undefined || records.length === current.records.length ? undefined : { ...current, records };
}

/** No set, whatever is in it; undefined if there is none. */
export function withoutSet(current: Rrset | undefined): RrsetChange | undefined {
  return current && { ...current, records: [] };
}

/** The set that is exactly `record`; undefined if it is already. */
export function exactly(
  current: Rrset | undefined,
  { name, type }: RrsetKey,
  record: string,
  ttl: number,
): RrsetChange | undefined {
  const same = current?.ttl === ttl && current.records.length === 1 && current.records[0] === record;
  return same ? undefined : { name, type, ttl, records: [record] };
}

/** What writing `change` over `current` takes away. */
export function removedContents(current: Rrset | undefined, change: RrsetChange): string[] {
  return current?.records.filter((record) => !change.records.includes(record)) ?? [];
}
