import type { Knex } from 'knex';
import { withCure } from '../base/errors.ts';
import type { Outcome, Pipeline, Step } from '../lifecycle/pipeline.ts';
import { splitPosition } from '../lifecycle/pipeline.ts';
import { writeActivity } from '../records/activity-log.ts';
import { type CheckpointResult, checkpoint, type RowChange } from '../records/checkpoint.ts';
import type { Database } from '../records/database.ts';
import { endRun, type LogEntry, logEntry } from '../records/vm-log.ts';
import type { Progress, VmRow } from '../records/vm-row.ts';
import { findService, whmcsSchema } from '../records/whmcs.ts';

type Completed = Extract<Outcome, { kind: 'done' | 'skipped' }>;

/** What an attempt writes: the row, its log and the client's Activity Log, each time in one transaction. */
export interface AttemptWriter {
  readonly progress: Progress;
  /** With `release`, the row is given back as it stands then. */
  advance(step: Step, outcome: Completed, entry: LogEntry, release: boolean): Promise<CheckpointResult>;
  /** Persists a wait; with `release`, the row is given back and due again after `pollMs`. */
  wait(
    outcome: Extract<Outcome, { kind: 'wait' }>,
    entry: LogEntry | undefined,
    release: boolean,
  ): Promise<CheckpointResult>;
  /** Gives the row back, to be tried again after `inMs`. */
  later(outcome: Extract<Outcome, { kind: 'later' }>, entry: LogEntry | undefined): Promise<CheckpointResult>;
  fail(reason: string, cure: string | undefined, entry: LogEntry): Promise<CheckpointResult>;
}

/** `progress` must have its `run` and `startedAt`. */
export function createAttemptWriter(
  db: Database,
  token: string,
  row: VmRow,
  pipeline: Pipeline,
  begun: Progress & { run: string; startedAt: string },
): AttemptWriter {
  const from = row.vm_status;
  const { run, startedAt } = begun;
  const persisted = () => row.progress !== null && row.progress_for === row.vm_status;
  let progress: Progress = begun;

  function write(
    change: RowChange,
    entry: LogEntry | undefined,
    also?: (trx: Knex.Transaction) => Promise<void>,
  ): Promise<CheckpointResult> {
    return checkpoint(db, row, token, change, async (trx) => {
      if (entry) await logEntry(trx, db, row, { id: run, action: pipeline.action, from }, entry);
      await also?.(trx);
    });
  }

  async function end(
    change: RowChange & { to: string },
    entry: LogEntry,
    error: string | null,
    also?: Completed['also'],
  ): Promise<CheckpointResult> {
    const description = error === null ? pipeline.activity?.success : pipeline.activity?.failure(error);
    // Read before: the row's service may lose its fields in the same transaction.
    const clientId = row.client_id ?? (await findService(db, row.service_id))?.userid ?? 0;
    const transactional = (await whmcsSchema(db)).activity?.transactional ?? true;
    if (!transactional && !persisted()) {
      // An entry that no rollback takes back is found again by the attempt's beginning, which must be known for that.
      const stored = await write({ progress, attempts: row.attempts }, undefined);
      if (stored !== 'done') return stored;
    }
    return write({ ...change, release: true }, entry, async (trx) => {
      await also?.(trx);
      await endRun(trx, db, run, change.to, error);
      if (description === undefined) return;
      const service = row.service_id === null ? '' : ` - Service ID: ${row.service_id}`;
      await writeActivity(trx, db, { description: description + service, clientId, attemptStartedAt: startedAt });
    });
  }

  return {
    get progress() {
      return progress;
    },
    async advance(step, outcome, entry, release) {
      const { status, phase } = splitPosition(step.to);
      const change = { to: status, learned: outcome.learned, message: outcome.message };
      const goesOn = pipeline.steps.some((next) => next.from === step.to);
      if (!goesOn)
        return end({ ...change, message: outcome.message ?? progress.message ?? null }, entry, null, outcome.also);
      const next = {
        ...progress,
        ...outcome.progress,
        phase,
        wait: undefined,
        message: outcome.message ?? progress.message,
      };
      progress = status === row.vm_status ? next : { run, startedAt };
      return write({ ...change, progress, attempts: row.attempts, release }, entry, outcome.also);
    },
    async wait(outcome, entry, release) {
      const next = { ...progress, ...outcome.progress, wait: outcome.wait };
      const same = JSON.stringify(next) === JSON.stringify(progress) && outcome.learned === undefined;
      progress = next;
      if (same && !release && entry === undefined) return 'done';
      const nextInMs = release ? outcome.pollMs : undefined;
      return write({ progress, learned: outcome.learned, attempts: row.attempts, nextInMs, release }, entry);
    },
    later(outcome, entry) {
      progress = { ...progress, ...outcome.progress };
      const { learned, why: message, inMs: nextInMs } = outcome;
      return write({ progress, learned, message, attempts: row.attempts, nextInMs, release: true }, entry);
    },
    fail(reason, cure, entry) {
      return end(
        { to: pipeline.errorState, message: withCure(reason, cure), attempts: row.attempts + 1 },
        entry,
        reason,
      );
    },
  };
}
