import { parseAddress } from '../addresses.ts';
import { normalizeName } from '../names.ts';
import { keyText, type RecordType, type Rrset, type RrsetChange, type RrsetKey } from '../provider.ts';

/** One record of an API that knows single records with ids instead of sets. */
export interface HeldRecord extends RrsetKey {
  readonly id: string;
  /** Canonical, as in an `Rrset`. */
  readonly content: string;
  /** Seconds; 0: not served as it stands (suspended, proxied), so that setting it writes it again. */
  readonly ttl: number;
}

/** What makes the records of a set what the set shall be. */
export interface SetDiff {
  readonly deletes: readonly HeldRecord[];
  /** Records that get another content or only another TTL. */
  readonly rewrites: readonly { readonly record: HeldRecord; readonly content: string }[];
  readonly adds: readonly string[];
}

export function canonicalContent(type: RecordType, content: string): string {
  return type === 'PTR' ? normalizeName(content) : (parseAddress(content)?.text ?? content);
}

/** The sets that the records make up. A content that is there twice is twice in its set, which is then not as it shall be. */
export function toSets(records: readonly HeldRecord[]): Rrset[] {
  return [...Map.groupBy(records, keyText).values()].flatMap((set) => {
    const [first] = set;
    if (first === undefined) return [];
    return [{ name: first.name, type: first.type, ttl: first.ttl, records: set.map(({ content }) => content) }];
  });
}

/**
 * Compares a set, whose records are `held`, with the set as it shall be. A record that has to go is rewritten where another
 * is wanted: no moment without any, and a zone's last A can be changed where it cannot be deleted. The TTL of a record
 * that stays is touched only if the set's own changes.
 */
export function diffSet(held: readonly HeldRecord[], { records, ttl }: RrsetChange): SetDiff {
  const missing = [...records];
  const kept: HeldRecord[] = [];
  const surplus: HeldRecord[] = [];
  for (const record of held) {
    const wanted = missing.indexOf(record.content);
    if (wanted < 0) surplus.push(record);
    else kept.push(...missing.splice(wanted, 1).map(() => record));
  }
  const pairs = Math.min(surplus.length, missing.length);
  const replaced = missing.slice(0, pairs).flatMap((content, index) => {
    const record = surplus[index];
    return record === undefined ? [] : [{ record, content }];
  });
  const retimed = held[0]?.ttl === ttl ? [] : kept.filter((record) => record.ttl !== ttl);
  return {
    deletes: surplus.slice(pairs),
    rewrites: [...replaced, ...retimed.map((record) => ({ record, content: record.content }))],
    adds: missing.slice(pairs),
  };
}
