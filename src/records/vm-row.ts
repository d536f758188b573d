import type { Database } from './database.ts';
import { repeating } from './transaction.ts';

/** A row of the VM table, as stored; times are UTC text. */
export interface VmRow {
  id: number;
  service_id: number | null;
  client_id: number | null;
  vm_status: string;
  status_message: string | null;
  status_changed_at: string | null;
  cluster: string | null;
  node: string | null;
  /** The Proxmox VMID. */
  vm_id: number | null;
  vm_name: string | null;
  vm_uuid: string | null;
  vm_net0_mac: string | null;
  /** JSON, address → host name. */
  vm_rev_dns: string | null;
  /** FQDN. */
  domain: string | null;
  package: string | null;
  template: string | null;
  first_ready_at: string | null;
  /** Set: a session; not set: a service. */
  expires_at: string | null;
  created_at: string | null;
  updated_at: string | null;
  /** The tick that works on the row. */
  claim_token: string | null;
  /** Number of writes by vmctl. */
  revision: number;
  next_attempt_at: string | null;
  attempts: number;
  /** JSON, see `Progress`. */
  progress: string | null;
  /** The vm_status that `progress`, `attempts` and `next_attempt_at` belong to: the panel changes only vm_status. */
  progress_for: string | null;
}

/** What a pipeline remembers of a row between ticks. */
export interface Progress {
  /** Last completed phase of a pipeline that has phases within one vm_status. */
  phase?: string | undefined;
  /** The run of the per-VM log that this attempt writes to. */
  run?: string | undefined;
  /** When the attempt began, ISO 8601. */
  startedAt?: string | undefined;
  wait?: Wait | undefined;
  /** When a locked VM was first found locked, ISO 8601. */
  lockedSince?: string | undefined;
  /** What a human should know at the end, although the attempt succeeds. */
  message?: string | undefined;
  /** Volumes that the VM's configuration named, to look for after its death. */
  volumes?: readonly string[] | undefined;
}

/** One persisted wait, the same for every step: what is waited for, since when and until when (ISO 8601), by which task. */
export interface Wait {
  readonly for: string;
  readonly since: string;
  readonly until?: string | undefined;
  readonly upid?: string | undefined;
  /** How often the step has started over. */
  readonly tries?: number | undefined;
}

/** Columns of the identity, cleared when the VM is proven gone (contract, section 2). */
export const identityColumns = ['node', 'vm_id', 'vm_name', 'vm_uuid', 'vm_net0_mac', 'vm_rev_dns', 'domain'] as const;

/** The persisted progress of a row, if it belongs to the row's present state. What cannot be read counts as none. */
export function progressOf(row: Pick<VmRow, 'progress' | 'progress_for' | 'vm_status'>): Progress {
  if (row.progress === null || row.progress_for !== row.vm_status) return {};
  try {
    const progress: unknown = JSON.parse(row.progress);
    return typeof progress === 'object' && progress !== null ? progress : {};
  } catch {
    return {};
  }
}

/** One row, or undefined. */
export function findRow(db: Database, id: number): Promise<VmRow | undefined> {
  return repeating(db, () => db.knex<VmRow>(db.vmTable).where({ id }).first());
}

/** Rows by what an operator may name them by. */
export function findRows(
  db: Database,
  by: Partial<Pick<VmRow, 'id' | 'service_id' | 'vm_id' | 'cluster' | 'vm_status'>>,
): Promise<VmRow[]> {
  return repeating(db, () => db.knex<VmRow>(db.vmTable).where(by).orderBy('id'));
}
