import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { checkpoint } from '../../../src/records/checkpoint.ts';
import type { Database } from '../../../src/records/database.ts';
import { resetRow } from '../../../src/records/operator.ts';
import { enterTick } from '../../../src/records/ticks.ts';
import type { VmRow } from '../../../src/records/vm-row.ts';
import { type Gate, startMysqlGate, type Verdict } from '../../support/mysql-gate.ts';
import { addRow, createRecords, dialects, type Ground, readRow, turnedClock } from './fixtures.ts';
import { runWorker } from './run-worker.ts';

const token = 'aaaaaaaa-0000-4000-8000-000000000000';
const other = 'bbbbbbbb-0000-4000-8000-000000000000';

describe.each(dialects)('a checkpoint on %s', (dialect) => {
  let records: Ground & { db: Database };
  let db: Database;
  beforeAll(async () => {
    records = await createRecords(dialect);
    db = records.db;
  });
  afterEach(() => db.knex('mod_vmctl_slots').delete());
  afterAll(() => records.remove());

  const claimedRow = (row: Partial<VmRow> = {}) => addRow(db, { claim_token: token, ...row });
  const notes = async (): Promise<string[]> => db.knex('mod_vmctl_slots').orderBy('name').pluck('name');
  const note = (name: string) => async (trx: Database['knex']) => {
    await trx('mod_vmctl_slots').insert({ name, place: 0 });
  };

  it('writes the state, what was learned and what belongs to it, and brings the row up to date', async () => {
    const row = await claimedRow({ status_message: 'old', attempts: 3 });
    const learned = { node: 'pve2', vm_id: 2003, vm_uuid: null };
    const change = { to: 'remove', learned, message: null, progress: { phase: 'x' }, nextInMs: 5_000 };
    expect(await checkpoint(db, row, token, change, note('also'))).toBe('done');
    const stored = await readRow(db, row.id);
    expect(stored).toMatchObject({
      ...{ vm_status: 'remove', node: 'pve2', vm_id: 2003, status_message: null, attempts: 0, revision: 1 },
      ...{ progress: '{"phase":"x"}', progress_for: 'remove', claim_token: token },
    });
    expect(stored.status_changed_at).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}$/);
    expect(Date.parse(`${stored.next_attempt_at}Z`) - Date.parse(`${stored.updated_at}Z`)).toBeCloseTo(5_000, -3);
    expect(row).toMatchObject({ vm_status: 'remove', node: 'pve2', revision: 1 });
    expect(await notes()).toEqual(['also']);
    expect(await checkpoint(db, row, token, { release: true })).toBe('done');
    expect(await readRow(db, row.id)).toMatchObject({ claim_token: null, revision: 2, next_attempt_at: null });
  });

  it('keeps status_changed_at while the state stays', async () => {
    const row = await claimedRow({ status_changed_at: '2026-01-02 03:04:05.678' });
    expect(await checkpoint(db, row, token, { progress: {} })).toBe('done');
    expect(await readRow(db, row.id)).toMatchObject({ status_changed_at: '2026-01-02 03:04:05.678' });
  });

  it('writes nothing for a row that another tick has taken over', async () => {
    const row = await claimedRow();
    await db.knex(db.vmTable).where({ id: row.id }).update({ claim_token: other });
    const before = await readRow(db, row.id);
    expect(await checkpoint(db, row, token, { to: 'remove', learned: { vm_id: 1 } }, note('also'))).toBe('lost');
    expect(await readRow(db, row.id)).toEqual(before);
    expect(await notes()).toEqual([]);
  });

  it('writes nothing for a row that was deleted', async () => {
    const row = await claimedRow();
    await db.knex(db.vmTable).where({ id: row.id }).delete();
    expect(await checkpoint(db, row, token, { to: 'remove' }, note('also'))).toBe('lost');
    expect(await notes()).toEqual([]);
  });

  it('where the panel has changed the state, what was learned is saved and the state is the panel’s', async () => {
    const row = await claimedRow({ vm_status: 'creation', progress: '{"phase":"old"}', progress_for: 'creation' });
    await db.knex(db.vmTable).where({ id: row.id }).update({ vm_status: 'terminate' });
    const change = { to: 'set_ip', learned: { vm_id: 2003, vm_uuid: 'u' }, progress: { phase: 'new' }, release: true };
    expect(await checkpoint(db, row, token, change, note('also'))).toBe('moved');
    expect(await readRow(db, row.id)).toMatchObject({
      ...{ vm_status: 'terminate', vm_id: 2003, vm_uuid: 'u', claim_token: token, revision: 1 },
      ...{ progress: null, progress_for: null, next_attempt_at: null },
    });
    expect(row).toMatchObject({ vm_status: 'terminate', vm_id: 2003, revision: 1 });
    expect(await notes()).toEqual([]);
    expect(await checkpoint(db, row, token, { to: 'remove' })).toBe('done');
  });

  it('the panel may write the very state that the step was going to: it is still not the step’s checkpoint', async () => {
    const row = await claimedRow();
    await db.knex(db.vmTable).where({ id: row.id }).update({ vm_status: 'remove' });
    expect(await checkpoint(db, row, token, { to: 'remove', release: true }, note('also'))).toBe('moved');
    expect(await notes()).toEqual([]);
  });

  it('an operator who takes the row away wins, also when he writes the same state', async () => {
    const row = await claimedRow();
    expect(await resetRow(db, await readRow(db, row.id), 'remove', true)).toBe('done');
    expect(await checkpoint(db, row, token, { to: 'remove', release: true }, note('also'))).toBe('lost');
    expect(await notes()).toEqual([]);
  });

  it('a checkpoint of an older reading of the row is not written', async () => {
    const row = await claimedRow();
    const stale = { ...row };
    expect(await checkpoint(db, row, token, { progress: { phase: 'one' } })).toBe('done');
    expect(await checkpoint(db, stale, token, { progress: { phase: 'two' }, learned: { vm_id: 7 } })).toBe('moved');
    expect(await readRow(db, row.id)).toMatchObject({ progress: '{"phase":"one"}', vm_id: null });
  });

  it('nothing is half-written when what belongs to it fails', async () => {
    const row = await claimedRow();
    const before = await readRow(db, row.id);
    const failing = checkpoint(db, row, token, { to: 'remove' }, async (trx) => {
      await note('half')(trx);
      throw new Error('broken');
    });
    await expect(failing).rejects.toThrow('broken');
    expect(await readRow(db, row.id)).toEqual(before);
    expect(row).toEqual(before);
    expect(await notes()).toEqual([]);
  });
});

describe('a checkpoint over a bad connection to MariaDB', () => {
  let records: Ground & { db: Database };
  let gate: Gate;
  let far: Database;
  let onSql: (sql: string, phase: 'before' | 'after') => Verdict = () => 'pass';
  beforeAll(async () => {
    records = await createRecords('mysql');
    gate = await startMysqlGate(records.url, ({ sql, phase }) => onSql(sql, phase));
    far = await records.open({ url: gate.url, clock: turnedClock() });
  });
  afterEach(() => {
    onSql = () => 'pass';
  });
  afterAll(async () => {
    await far.close();
    await gate.close();
    await records.remove();
  });

  /** Cuts the connection the first time that `when` says so. */
  function cutOnce(when: (sql: string, phase: 'before' | 'after') => boolean): () => boolean {
    let cut = false;
    onSql = (sql, phase) => {
      if (cut || !when(sql, phase)) return 'pass';
      cut = true;
      return 'cut';
    };
    return () => cut;
  }
  async function inserted(id: number): Promise<number> {
    const [row] = await records.db
      .knex('mod_vmctl_log_entries')
      .where({ run_id: String(id) })
      .count({ n: '*' });
    return Number(row?.n);
  }
  async function end(row: VmRow): Promise<string> {
    return checkpoint(far, row, token, { to: 'remove', release: true }, async (trx) => {
      const entry = { run_id: String(row.id), at: far.clock.sql(), phase: 'x', result: 'success', duration_ms: 1 };
      await trx('mod_vmctl_log_entries').insert(entry);
    });
  }

  it.each([
    ['the answer to COMMIT is lost', /^COMMIT/i, 'after'],
    ['COMMIT itself is lost', /^COMMIT/i, 'before'],
    ['the answer to the fenced UPDATE is lost', /^update/i, 'after'],
    ['the connection breaks in what belongs to it', /^insert/i, 'before'],
    ['BEGIN is lost', /^BEGIN/i, 'before'],
  ] as const)('%s: it is done, exactly once', async (_, statement, at) => {
    const row = await addRow(records.db, { claim_token: token });
    const wasCut = cutOnce((sql, phase) => phase === at && statement.test(sql));
    expect(await end(row)).toBe('done');
    expect(wasCut()).toBe(true);
    expect(await readRow(records.db, row.id)).toMatchObject({ vm_status: 'remove', revision: 1, claim_token: null });
    expect(await inserted(row.id)).toBe(1);
  });

  it('the answer to COMMIT is lost and another tick has claimed the row since: it is done, exactly once', async () => {
    const row = await addRow(records.db, { claim_token: token });
    let claiming: Promise<unknown> | undefined;
    onSql = (sql, phase) => {
      if (claiming || phase !== 'after' || !/^COMMIT/i.test(sql)) return 'pass';
      claiming = records.db.knex(records.db.vmTable).where({ id: row.id }).update({ claim_token: other }).then();
      return 'cut';
    };
    expect(await end(row)).toBe('done');
    await claiming;
    expect(await readRow(records.db, row.id)).toMatchObject({ revision: 1, claim_token: other });
    expect(await inserted(row.id)).toBe(1);
  });

  it('the answer to a reset’s COMMIT is lost: the operator reads that it is done', async () => {
    const row = await addRow(records.db, { vm_status: 'error_terminate' });
    cutOnce((sql, phase) => phase === 'after' && /^COMMIT/i.test(sql));
    expect(await resetRow(far, row, 'terminate', false)).toBe('done');
    expect(await readRow(records.db, row.id)).toMatchObject({ vm_status: 'terminate', revision: 1 });
  });

  it('a database that stays away is told as such', async () => {
    const row = await addRow(records.db, { claim_token: token });
    onSql = () => 'cut';
    await expect(end(row)).rejects.toMatchObject({ name: 'UnreachableError', exitCode: 5 });
    expect(await readRow(records.db, row.id)).toEqual(row);
  });

  it('a deadlock is repeated until it is done', async () => {
    const { db } = records;
    const [one, two] = [await addRow(db, { claim_token: token }), await addRow(db, { claim_token: token })];
    const met: (() => void)[] = [];
    const both = new Promise<void>((resolve) => {
      met.push(resolve);
    });
    let runs = 0;
    const crossing = (mine: VmRow, theirs: VmRow) =>
      checkpoint(db, mine, token, { progress: {} }, async (trx) => {
        runs += 1;
        // The first runs wait for each other, so that each holds the row that the other needs.
        if (runs === 2) met[0]?.();
        if (runs <= 2) await both;
        await trx(db.vmTable)
          .where({ id: theirs.id })
          .update({ node: `of ${mine.id}` });
      });
    expect(await Promise.all([crossing(one, two), crossing(two, one)])).toEqual(['done', 'done']);
    expect(runs).toBe(3);
    expect((await readRow(db, one.id)).revision).toBe(1);
    expect((await readRow(db, two.id)).revision).toBe(1);
  });
});

describe('a checkpoint on a busy SQLite', () => {
  it('several processes write at once, and each of their checkpoints happens once', async () => {
    const records = await createRecords('sqlite');
    const { db } = records;
    await db.knex.batchInsert(
      db.vmTable,
      Array.from({ length: 150 }, () => ({ vm_status: 'terminate' })),
      50,
    );
    await enterTick(db, token, 60_000);
    const tokens = ['1', '2', '3', '4'].map((n) => `${n}${token.slice(1)}`);
    const working = Promise.all(tokens.map((each) => runWorker('work', records.url, each)));
    let over = false;
    const writing = (async () => {
      const results = new Set<string>();
      while (!over) {
        const row = await addRow(db, { vm_status: 'ready', claim_token: token });
        results.add(await checkpoint(db, row, token, { to: 'suspended' }));
        // SQLite answers at once: without this nothing else would get its turn in this process.
        await systemClock.sleep(5);
      }
      return [...results];
    })();
    const [done, mine] = await Promise.all([working.finally(() => (over = true)), writing]);
    expect(mine).toEqual(['done']);
    expect(done.flat()).toHaveLength(150);
    expect(await db.knex('mod_vmctl_ip_allocations')).toHaveLength(150);
    expect(await db.knex(db.vmTable).where({ vm_status: 'ready' })).toEqual([]);
    await records.remove();
  }, 60_000);
});
