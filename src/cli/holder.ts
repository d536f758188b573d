import { RefusedError } from '../base/errors.ts';
import type { Database } from '../records/database.ts';
import { findTick } from '../records/ticks.ts';
import { findRow, type VmRow } from '../records/vm-row.ts';
import { rowText } from './row-text.ts';

/** What an operator reads whose command wanted a row that a tick is working on. `cure`: what else he can do. */
export async function claimedError(db: Database, row: VmRow, cure: string): Promise<RefusedError> {
  const { claim_token } = (await findRow(db, row.id)) ?? row;
  const tick = claim_token === null ? undefined : await findTick(db, claim_token);
  const where = tick ? ` (process ${tick.pid} on ${tick.host}, since ${tick.started_at} UTC)` : '';
  return new RefusedError(`${rowText(row)}: a tick is working on it${where}`, { cure });
}

/** The same for a row whose state is not the one any more that the command was meant for. */
export function changedError(row: VmRow): RefusedError {
  return new RefusedError(`${rowText(row)}: its state has changed meanwhile, nothing was done`, {
    cure: `look at it again: vmctl show ${row.id}`,
  });
}
