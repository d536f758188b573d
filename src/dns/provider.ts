import type { ErrorKind } from '../base/errors.ts';

/** The types that vmctl writes. Everything else in a zone is left alone. */
export type RecordType = 'A' | 'AAAA' | 'PTR';

export function isRecordType(type: string): type is RecordType {
  return type === 'A' || type === 'AAAA' || type === 'PTR';
}

/** What an rrset is found by. `name` is the full name, normalized (lower case, no trailing dot). */
export interface RrsetKey {
  readonly name: string;
  readonly type: RecordType;
}

/** One text a key, for maps. */
export function keyText({ name, type }: RrsetKey): string {
  return `${name} ${type}`;
}

/** All records of one name and type that the server serves. */
export interface Rrset extends RrsetKey {
  /** Seconds. */
  readonly ttl: number;
  /** Canonical: an RFC 5952 address, or a host name, normalized. */
  readonly records: readonly string[];
}

/** The rrset as it shall be. Without any record the set is removed. */
export type RrsetChange = Rrset;

/** A DNS failure is never of unknown outcome: writing the same rrset again has the same result. */
export type DnsErrorKind = Exclude<ErrorKind, 'unknown'>;

/**
 * How far the failure of a change reaches. `refused`: the server will never do this to this very set, like HestiaCP to a
 * zone's last A. `permanent`: the zone, its key or its configuration is at fault, and somebody may mend that.
 */
export type FailureKind = DnsErrorKind | 'refused';

/** What became of one change. */
export type RrsetResult = RrsetKey &
  ({ readonly ok: true } | { readonly ok: false; readonly kind: FailureKind; readonly message: string });

/** One zone on one server. */
export interface ZoneProvider {
  /**
   * The sets among `keys` that exist.
   * @throws DnsError when the zone cannot be read.
   */
  read(keys: readonly RrsetKey[]): Promise<Rrset[]>;
  /**
   * Writes the sets, at least one, each at most once in `changes`: one result a change, in their order. A refused change does not keep
   * the others out.
   * @throws DnsError when no answer came. Some sets may be written: a second run finds them so.
   */
  apply(changes: readonly RrsetChange[]): Promise<RrsetResult[]>;
}
