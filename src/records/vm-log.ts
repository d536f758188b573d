import { randomUUID } from 'node:crypto';
import type { Knex } from 'knex';
import { redact } from '../base/redact.ts';
import type { Database } from './database.ts';
import { repeating, transact } from './transaction.ts';
import type { VmRow } from './vm-row.ts';

const runs = 'mod_vmctl_log_runs';
const entries = 'mod_vmctl_log_entries';

/** Runs that are kept, and shown, of each row (seed, "Logs"). */
export const keptRuns = 50;

export interface LogEntry {
  readonly phase: string;
  readonly result: 'success' | 'skipped' | 'waiting' | 'error';
  readonly durationMs: number;
  /** What was printed meanwhile, one line each. */
  readonly detail: string;
}

export interface LogRun {
  id: string;
  row_id: number;
  service_id: number | null;
  action: string;
  from_status: string;
  to_status: string | null;
  started_at: string;
  finished_at: string | null;
  result: 'success' | 'error' | null;
  error: string | null;
}

/** A new id for a run; it is written with the run's first entry. */
export function newRunId(): string {
  return randomUUID();
}

/** Adds an entry to a run of the per-VM log, inside the transaction of the checkpoint that it tells of. */
export async function logEntry(
  trx: Knex.Transaction,
  db: Database,
  row: VmRow,
  run: { id: string; action: string; from: string },
  entry: LogEntry,
): Promise<void> {
  await trx(runs)
    .insert({
      id: run.id,
      row_id: row.id,
      service_id: row.service_id,
      action: run.action,
      from_status: run.from,
      started_at: db.clock.sql(-entry.durationMs),
    })
    .onConflict('id')
    .ignore();
  await trx(entries).insert({
    run_id: run.id,
    at: db.clock.sql(),
    phase: entry.phase,
    result: entry.result,
    duration_ms: Math.round(entry.durationMs),
    detail: redact(entry.detail),
  });
}

/** Ends a run, inside the transaction that ends the attempt. */
export async function endRun(
  trx: Knex.Transaction,
  db: Database,
  id: string,
  to: string,
  error: string | null,
): Promise<void> {
  await trx(runs)
    .where({ id })
    .update({
      finished_at: db.clock.sql(),
      to_status: to,
      result: error === null ? 'success' : 'error',
      error: error === null ? null : redact(error),
    });
}

/** The newest runs of a row, newest first, each with its entries in order. */
export async function readLog(
  db: Database,
  rowId: number,
  limit: number,
): Promise<(LogRun & { entries: (LogEntry & { at: string })[] })[]> {
  const found = await repeating<LogRun[]>(db, () =>
    db.knex(runs).where({ row_id: rowId }).orderBy('started_at', 'desc').limit(limit),
  );
  const rows = await repeating(db, () =>
    db
      .knex(entries)
      .whereIn(
        'run_id',
        found.map(({ id }) => id),
      )
      .orderBy('id'),
  );
  return found.map((run) => ({
    ...run,
    entries: rows
      .filter((entry) => entry.run_id === run.id)
      .map(({ phase, result, at, detail, duration_ms }) => ({
        phase,
        result,
        at,
        detail,
        durationMs: Number(duration_ms),
      })),
  }));
}

/** Deletes all but the newest `kept` runs of each row, with their entries. Returns how many runs. */
export async function trimLog(db: Database, kept: number): Promise<number> {
  const long = await repeating<{ row_id: number }[]>(db, () =>
    db.knex(runs).groupBy('row_id').having(db.knex.raw('COUNT(*)'), '>', kept).select('row_id'),
  );
  let deleted = 0;
  for (const { row_id } of long) {
    const old = await repeating<string[]>(db, () =>
      db.knex(runs).where({ row_id }).orderBy('started_at', 'desc').offset(kept).limit(10_000).pluck('id'),
    );
    deleted += await transact(db, async (trx) => {
      await trx(entries).whereIn('run_id', old).delete();
      return trx(runs).whereIn('id', old).delete();
    });
  }
  return deleted;
}
