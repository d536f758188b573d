import type { ZoneSettings } from '../settings/types.ts';
import type { RecordType, Rrset, RrsetChange } from './provider.ts';

/** What one line of output is about: the forward record of a name, or the reverse record of an address, in one zone. */
interface RecordSubject {
  readonly kind: 'fwd' | 'rev';
  readonly change: 'set' | 'delete';
  /** Full name of the record, normalized. */
  readonly name: string;
  /** The VM's name. */
  readonly fqdn?: string | undefined;
  /** `rev`: the address. */
  readonly address?: string | undefined;
  /** `rev`, `set`: where the PTR points. */
  readonly host?: string | undefined;
  /** `fwd`: the addresses that are written, or are removed where the name points at them. */
  readonly addresses: readonly string[];
}

/** A record as it shall be. Planned without looking; what has to be written shows when the zone is read. */
export interface RecordTask extends RecordSubject {
  readonly zone: ZoneSettings;
  readonly edits: readonly RrsetEdit[];
}

/** How one rrset shall change. */
export interface RrsetEdit {
  readonly type: RecordType;
  /** The set to write; undefined when `current` is already right. */
  readonly edit: (current: Rrset | undefined) => RrsetChange | undefined;
  /** What a deletion is after, as far as that is known without reading the zone. */
  readonly expected: readonly string[];
}

/** What became of a task: all that a line of output and a deferred deletion need. */
export interface RecordResult extends RecordSubject {
  readonly provider: ZoneSettings['provider'];
  readonly zone: string;
  readonly ok: boolean;
  /** Something was written. False for what was already so. */
  readonly written: boolean;
  /** Without secrets, one line. */
  readonly error?: string | undefined;
  /** Of a failure: all that failed is refused for good. Otherwise the server, its key or the zone may be mended. */
  readonly refused?: boolean | undefined;
  /** After a failed deletion: what may still be there and may go another time. Nothing that is refused. */
  readonly leftovers: readonly DeferredDeletion[];
}

/** A deletion to try again later. Only records that still have the remembered content are deleted then. */
export interface DeferredDeletion {
  readonly provider: string;
  readonly zone: string;
  readonly name: string;
  readonly type: string;
  readonly content: readonly string[];
}
