import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { registerSecret } from '../../../src/base/redact.ts';
import type { Database } from '../../../src/records/database.ts';
import { transact } from '../../../src/records/transaction.ts';
import { endRun, logEntry, newRunId, readLog } from '../../../src/records/vm-log.ts';
import type { VmRow } from '../../../src/records/vm-row.ts';
import { addRow, createRecords, dialects, type Ground, turnedClock } from './fixtures.ts';

describe.each(dialects)('the per-VM log on %s', (dialect) => {
  const clock = turnedClock();
  let records: Ground & { db: Database };
  let db: Database;
  let row: VmRow;
  beforeAll(async () => {
    records = await createRecords(dialect, { clock });
    db = records.db;
    row = await addRow(db, { service_id: 5546 });
  });
  afterAll(() => records.remove());

  const enter = (id: string, phase: string, detail = phase, durationMs = 1_500) =>
    transact(db, (trx) =>
      logEntry(
        trx,
        db,
        row,
        { id, action: 'terminate', from: 'terminate' },
        { phase, result: 'success', durationMs, detail },
      ),
    );

  it('runs come newest first, each with its phases in order, their durations and their lines', async () => {
    const [first, second] = [newRunId(), newRunId()];
    await enter(first, 'Stop VM', 'stop request sent\nstopped after ~45s', 45_000.4);
    clock.turn(50_000);
    await enter(first, 'Delete DNS');
    await transact(db, (trx) => endRun(trx, db, first, 'error_terminate', 'lock'));
    clock.turn(50_000);
    await enter(second, 'Stop VM', '', 0.0001);
    await transact(db, (trx) => endRun(trx, db, second, 'remove', null));
    const [newest, oldest, ...more] = await readLog(db, row.id, 10);
    expect(more).toEqual([]);
    expect(newest).toMatchObject({ id: second, result: 'success', error: null, to_status: 'remove' });
    expect(oldest).toMatchObject({
      ...{ id: first, service_id: 5546, action: 'terminate', from_status: 'terminate', to_status: 'error_terminate' },
      ...{ result: 'error', error: 'lock' },
      entries: [
        { phase: 'Stop VM', durationMs: 45_000, detail: 'stop request sent\nstopped after ~45s', result: 'success' },
        { phase: 'Delete DNS', durationMs: 1_500 },
      ],
    });
    const began = Date.parse(`${oldest?.started_at}Z`);
    expect(Date.parse(`${oldest?.entries[0]?.at}Z`) - began).toBeCloseTo(45_000, -3);
    expect(await readLog(db, row.id, 1)).toHaveLength(1);
    expect(await readLog(db, 999_999, 10)).toEqual([]);
  });

  it('a run that several ticks carry on stays one run, begun when its first phase began', async () => {
    const other = await addRow(db);
    row = other;
    const run = newRunId();
    await enter(run, 'Stop VM');
    const [before] = await readLog(db, other.id, 1);
    clock.turn(90_000);
    await enter(run, 'Remove backups');
    const after = await readLog(db, other.id, 10);
    expect(after).toHaveLength(1);
    expect(after[0]).toMatchObject({ started_at: before?.started_at, finished_at: null, result: null });
    expect(after[0]?.entries.map(({ phase }) => phase)).toEqual(['Stop VM', 'Remove backups']);
  });

  it('secrets reach neither its lines nor its error, and any character is kept', async () => {
    registerSecret('hestia-secret-key');
    row = await addRow(db);
    const run = newRunId();
    await enter(run, 'Delete DNS', 'fwd-del ERR: hestia-secret-key 🔥 ← →');
    await transact(db, (trx) => endRun(trx, db, run, 'error_terminate', 'with hestia-secret-key'));
    const [found] = await readLog(db, row.id, 1);
    expect(found).toMatchObject({ error: 'with ***', entries: [{ detail: 'fwd-del ERR: *** 🔥 ← →' }] });
  });
});

describe.each(dialects)('the database’s own clock on %s', (dialect) => {
  it('gives own times in one form, to the millisecond, in UTC, with offsets of any size', async () => {
    const records = await createRecords(dialect);
    const { db } = records;
    const offsets = [0, 1_500, -1_500, 0.0001, -45_000.4, 86_400_000];
    const row = await db.knex.first(
      offsets.map((offset, n) => db.knex.raw('? AS ??', [db.clock.sql(offset), `at${n}`])),
    );
    const started = systemClock.now();
    for (const [n, offset] of offsets.entries()) {
      const text = String(row[`at${n}`]);
      expect(text).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}/);
      expect(Math.abs(Date.parse(`${text.slice(0, 23)}Z`) - started - offset)).toBeLessThan(5_000);
    }
    await records.remove();
  });
});
