import type { Knex } from 'knex';
import type { Database } from './database.ts';
import { transact } from './transaction.ts';
import { findRow, type Progress, type VmRow } from './vm-row.ts';

/** What a step changes in its row. */
export interface RowChange {
  /** The new vm_status; left out: the state stays. */
  readonly to?: string | undefined;
  readonly progress?: Progress | undefined;
  readonly message?: string | null | undefined;
  readonly attempts?: number | undefined;
  /** Not before so many milliseconds from now (on the database's clock). */
  readonly nextInMs?: number | undefined;
  /** Gives the claim back in the same write. */
  readonly release?: boolean | undefined;
  /** What was learned about the VM: saved even if the panel has meanwhile changed the state. */
  readonly learned?:
    | Partial<
        Pick<VmRow, 'cluster' | 'node' | 'vm_id' | 'vm_name' | 'vm_uuid' | 'vm_net0_mac' | 'domain' | 'vm_rev_dns'>
      >
    | undefined;
}

/**
 * `done`: written. `moved`: the panel has changed the state meanwhile; what was learned is saved, the row goes on from the
 * new state. `lost`: the row is no longer this tick's.
 */
export type CheckpointResult = 'done' | 'moved' | 'lost';

function columns(row: VmRow, change: RowChange): Partial<VmRow> & { vm_status: string } {
  const status = change.to ?? row.vm_status;
  return {
    ...change.learned,
    vm_status: status,
    ...(change.message === undefined ? {} : { status_message: change.message }),
    progress: change.progress ? JSON.stringify(change.progress) : null,
    progress_for: status,
    attempts: change.attempts ?? 0,
    revision: row.revision + 1,
    ...(change.release ? { claim_token: null } : {}),
  };
}

/** The columns that take their time from the database. */
function times(db: Database, row: VmRow, change: RowChange): Record<string, Knex.Raw | null> {
  return {
    updated_at: db.clock.sql(),
    next_attempt_at: change.nextInMs === undefined ? null : db.clock.sql(change.nextInMs),
    ...((change.to ?? row.vm_status) === row.vm_status ? {} : { status_changed_at: db.clock.sql() }),
  };
}

/** What a pipeline remembered means nothing once the panel wanted something else: asked again, it begins anew. */
const forgotten = { progress: null, progress_for: null, attempts: 0, next_attempt_at: null };

/**
 * Writes what a step has done, in one transaction with `also`. The first statement is the fenced UPDATE: it hits only
 * while this tick holds the row and the row stands where the step found it; everything else happens only if it hit.
 * `row` is brought up to date.
 */
export async function checkpoint(
  db: Database,
  row: VmRow,
  token: string,
  change: RowChange,
  also: (trx: Knex.Transaction) => Promise<void> = async () => {},
): Promise<CheckpointResult> {
  const from = row.revision;
  const write = columns(row, change);
  let written = false;
  const result = await transact<CheckpointResult>(db, async (trx) => {
    const mine = { id: row.id, claim_token: token, revision: from };
    const hit = await trx(db.vmTable)
      .where({ ...mine, vm_status: row.vm_status })
      .update({ ...write, ...times(db, row, change) });
    if (hit === 1) {
      await also(trx);
      written = true;
      return 'done';
    }
    const [now] = await trx<VmRow>(db.vmTable).where({ id: row.id }).select('vm_status', 'claim_token', 'revision');
    // An earlier run of this transaction had worked, and only the answer to its COMMIT was lost.
    if (
      written &&
      now?.revision === from + 1 &&
      now.vm_status === write.vm_status &&
      (now.claim_token === token || change.release)
    )
      return 'done';
    if (now?.claim_token !== token) return 'lost';
    if (now.revision === from) {
      await trx(db.vmTable)
        .where(mine)
        .update({ ...change.learned, ...forgotten, revision: from + 1 });
    }
    return 'moved';
  });
  Object.assign(row, result === 'done' ? write : await findRow(db, row.id));
  return result;
}
