import type { Knex } from 'knex';
import type { Database } from './database.ts';
import { whileAlive } from './ticks.ts';
import { repeating, transact } from './transaction.ts';
import type { VmRow } from './vm-row.ts';

/**
 * Rows that stand in one of `states`, are claimed by nobody and wait for nothing. A row whose state is not the one its
 * waiting belongs to was written by the panel meanwhile: it is due at once. Answered from the index `<VM table>_due` alone.
 */
function due(db: Database, query: Knex.QueryBuilder, states: readonly string[]): Knex.QueryBuilder {
  return query
    .whereIn('vm_status', [...states])
    .whereNull('claim_token')
    .andWhere((now) =>
      now
        .whereNull('next_attempt_at')
        .orWhere('next_attempt_at', '<=', db.clock.sql())
        .orWhereNull('progress_for')
        .orWhere('progress_for', '<>', db.knex.ref('vm_status')),
    );
}

/**
 * Not by the bare `id`: to be spared the sorting, MariaDB reads every row in the order of its key where its statistics are
 * old (seen with 100,000 rows and those of an empty table).
 */
const byId = 'id + 0';

/**
 * Ids of due rows, lowest first. MariaDB compares without case and trailing spaces: what only looks like one of `states`
 * is nobody's.
 */
async function findDue(db: Database, states: readonly string[], limit: number): Promise<number[]> {
  const rows = await repeating<{ id: number; vm_status: string }[]>(db, () =>
    due(db, db.knex(db.vmTable).select('id', 'vm_status'), states).orderByRaw(byId).limit(limit),
  );
  return rows.filter(({ vm_status }) => states.includes(vm_status)).map(({ id }) => id);
}

/** Due rows behind the id `after`, lowest first, without claiming them. */
export function findDueRows(db: Database, states: readonly string[], limit: number, after: number): Promise<VmRow[]> {
  return repeating<VmRow[]>(db, () =>
    due(db, db.knex(db.vmTable).where('id', '>', after), states)
      .orderByRaw(byId)
      .limit(limit),
  );
}

/** How often a tick that finds its rows taken looks for others before it gives up until its next look. */
const looks = 10;

/** Claims up to `limit` due rows for the tick `token`; of two ticks that want the same row, one gets it. */
export async function claimDue(
  db: Database,
  token: string,
  states: readonly string[],
  limit: number,
): Promise<VmRow[]> {
  // Another tick may take the very rows that were found, and then there may be more behind them.
  for (let look = 1; look <= looks; look += 1) {
    const ids = await findDue(db, states, limit);
    if (ids.length === 0) return [];
    await transact(db, (trx) =>
      whileAlive(db, due(db, trx(db.vmTable), states).whereIn('id', ids), token).update({ claim_token: token }),
    );
    const rows = await repeating<VmRow[]>(db, () =>
      db.knex<VmRow>(db.vmTable).whereIn('id', ids).andWhere({ claim_token: token }).orderBy('id'),
    );
    if (rows.length > 0) return rows;
  }
  return [];
}

/** Claims one row, whatever it waits for, unless somebody works on it. */
export async function claimRow(db: Database, token: string, id: number): Promise<boolean> {
  const claimed = await transact(db, (trx) =>
    whileAlive(db, trx(db.vmTable).where({ id }), token)
      .andWhere((free) => free.whereNull('claim_token').orWhere({ claim_token: token }))
      .update({ claim_token: token }),
  );
  return claimed === 1;
}

/**
 * Whether there is anything for a tick to do: a due row, a claim that a dead tick may have left, a due duty, a tick that
 * has died. One statement, so that an idle tick costs one.
 */
export async function hasWork(db: Database, states: readonly string[]): Promise<boolean> {
  const { knex } = db;
  const parts = [
    due(db, knex(db.vmTable).select(knex.raw('1')), states).limit(1),
    knex(db.vmTable).select(knex.raw('1')).whereNotNull('claim_token').limit(1),
    knex('mod_vmctl_duties').select(knex.raw('1')).where('next_run_at', '<=', db.clock.sql()).limit(1),
    knex('mod_vmctl_ticks').select(knex.raw('1')).where('alive_until', '<', db.clock.sql()).limit(1),
  ];
  const row = await repeating(db, () => knex.first(parts.map((part, n) => part.as(`part${n}`))));
  return Object.values(row ?? {}).some((found) => found !== null);
}

/** Gives a row back as it stands. */
export async function release(db: Database, token: string, id: number): Promise<void> {
  await transact(db, (trx) => trx(db.vmTable).where({ id, claim_token: token }).update({ claim_token: null }));
}
