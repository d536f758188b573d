import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { claimDue, claimRow, hasWork, release } from '../../../src/records/claims.ts';
import type { Database } from '../../../src/records/database.ts';
import { enterTick, leaveTick, renewTick, takeOver } from '../../../src/records/ticks.ts';
import { addRow, createRecords, dialects, type Ground, readRow, turnedClock } from './fixtures.ts';
import { runWorker } from './run-worker.ts';

const states = ['terminate', 'creation'];
const leaseMs = 60_000;
const [a, b] = ['aaaaaaaa-0000-4000-8000-000000000000', 'bbbbbbbb-0000-4000-8000-000000000000'];

describe.each(dialects)('ticks and claims on %s', (dialect) => {
  const clock = turnedClock();
  let records: Ground & { db: Database };
  let db: Database;
  beforeAll(async () => {
    records = await createRecords(dialect, { clock });
    db = records.db;
  });
  beforeEach(async () => {
    for (const table of [db.vmTable, 'mod_vmctl_ticks', 'mod_vmctl_duties']) await db.knex(table).delete();
  });
  afterAll(() => records.remove());

  const claimed = async (token: string) => (await claimDue(db, token, states, 50)).map(({ id }) => id);
  const enterBoth = () => Promise.all([a, b].map((id) => enterTick(db, id, 600_000)));

  it('a tick that renews its lease lives on, one that does not is dead', async () => {
    expect(await enterTick(db, a, leaseMs)).toMatchObject({ alive: true, ticks: 1 });
    clock.turn(50_000);
    expect(await renewTick(db, a, leaseMs)).toMatchObject({ alive: true });
    expect(await enterTick(db, b, leaseMs)).toMatchObject({ alive: true, ticks: 2 });
    clock.turn(50_000);
    expect(await renewTick(db, b, leaseMs)).toMatchObject({ alive: true, ticks: 2 });
    clock.turn(50_000);
    expect(await renewTick(db, a, leaseMs)).toMatchObject({ alive: false, ticks: 1 });
  });

  it('ticks that find the same rows at the same moment all get some, as long as there are enough', async () => {
    await enterBoth();
    for (let round = 0; round < 10; round += 1) {
      await db.knex(db.vmTable).delete();
      await db.knex(db.vmTable).insert(Array.from({ length: 20 }, () => ({ vm_status: 'terminate' })));
      const got = await Promise.all([a, b].map((token) => claimDue(db, token, states, 10)));
      expect(got.map((rows) => rows.length > 0)).toEqual([true, true]);
    }
  });

  it('taking over deletes the dead tick, so that its renewal fails whatever its clock says', async () => {
    await enterTick(db, a, leaseMs);
    const row = await addRow(db);
    await claimRow(db, a, row.id);
    await takeOver(db);
    expect(await readRow(db, row.id)).toMatchObject({ claim_token: a });
    clock.turn(leaseMs + 1_000);
    expect(await takeOver(db)).toBe(1);
    expect(await readRow(db, row.id)).toMatchObject({ claim_token: null });
    clock.turn(-leaseMs);
    expect(await renewTick(db, a, leaseMs)).toMatchObject({ alive: false });
    expect(await db.knex('mod_vmctl_ticks')).toEqual([]);
  });

  it('claims of a tick that is not on the list any more come free, those of living ticks stay', async () => {
    await enterTick(db, a, leaseMs);
    await enterTick(db, b, leaseMs);
    const [one, two] = [await addRow(db), await addRow(db)];
    await claimRow(db, a, one.id);
    await claimRow(db, b, two.id);
    await leaveTick(db, a);
    expect(await takeOver(db)).toBe(1);
    expect(await readRow(db, one.id)).toMatchObject({ claim_token: null });
    expect(await readRow(db, two.id)).toMatchObject({ claim_token: b });
  });

  it('a row is due without a time, when its time has come, or when its time belongs to another state', async () => {
    await enterBoth();
    const past = db.clock.sql(-1_000);
    const future = db.clock.sql(60_000);
    const add = async (vm_status: string, next: unknown, progress_for: string | null, claim_token?: string) => {
      const [id] = await db
        .knex(db.vmTable)
        .insert({ vm_status, next_attempt_at: next, progress_for, claim_token: claim_token ?? null });
      return Number(id);
    };
    const due = [
      await add('terminate', null, null),
      await add('terminate', null, 'terminate'),
      await add('terminate', past, 'terminate'),
      await add('terminate', future, 'ready'),
      await add('creation', future, null),
    ];
    const waiting = await add('terminate', future, 'terminate');
    await add('terminate', past, 'terminate', b);
    await add('ready', past, 'ready');
    await add('terminating', null, null);
    expect(await claimed(a)).toEqual(due);
    expect(await claimed(a)).toEqual([]);
    clock.turn(61_000);
    expect(await claimed(a)).toEqual([waiting]);
  });

  it('what only looks like a state is nobody’s', async () => {
    await enterBoth();
    await addRow(db, { vm_status: 'Terminate' });
    await addRow(db, { vm_status: 'terminate ' });
    expect(await claimed(a)).toEqual([]);
  });

  it('claims are limited, the lowest ids first, and a released row can be claimed again', async () => {
    await enterBoth();
    const ids = [];
    for (let n = 0; n < 5; n += 1) ids.push((await addRow(db)).id);
    expect((await claimDue(db, a, states, 2)).map(({ id }) => id)).toEqual(ids.slice(0, 2));
    await release(db, b, ids[0] ?? 0);
    expect(await claimed(b)).toEqual(ids.slice(2));
    await release(db, a, ids[0] ?? 0);
    expect(await claimed(b)).toEqual(ids.slice(0, 1));
  });

  it('a tick whose lease has run out claims nothing, whether it was taken over or not', async () => {
    const row = await addRow(db);
    await enterTick(db, a, leaseMs);
    clock.turn(leaseMs + 1);
    expect(await claimed(a)).toEqual([]);
    expect(await claimRow(db, a, row.id)).toBe(false);
    await takeOver(db);
    expect(await claimed(a)).toEqual([]);
    expect(await claimRow(db, a, row.id)).toBe(false);
  });

  it('one row is claimed whatever it waits for, but never from another tick', async () => {
    await enterBoth();
    const row = await addRow(db, { vm_status: 'ready' });
    await db.knex(db.vmTable).update({ next_attempt_at: db.clock.sql(60_000), progress_for: 'ready' });
    expect(await claimRow(db, a, row.id)).toBe(true);
    expect(await claimRow(db, b, row.id)).toBe(false);
    expect(await readRow(db, row.id)).toMatchObject({ claim_token: a });
  });

  it('there is work when a row or a duty is due or a claim is left, else none', async () => {
    expect(await hasWork(db, states)).toBe(false);
    const row = await addRow(db, { vm_status: 'ready' });
    expect(await hasWork(db, states)).toBe(false);
    await db.knex(db.vmTable).update({ claim_token: a });
    expect(await hasWork(db, states)).toBe(true);
    await release(db, a, row.id);
    await addRow(db);
    expect(await hasWork(db, states)).toBe(true);
    await db.knex(db.vmTable).delete();
    await db.knex('mod_vmctl_duties').insert({ name: 'later', next_run_at: db.clock.sql(1_000) });
    expect(await hasWork(db, states)).toBe(false);
    clock.turn(2_000);
    expect(await hasWork(db, states)).toBe(true);
  });

  it('processes that claim and finish the same rows at once do each row exactly once', async () => {
    const rows = Array.from({ length: 200 }, () => ({ vm_status: 'terminate' }));
    await db.knex.batchInsert(db.vmTable, rows, 50);
    const tokens = [1, 2, 3].map((n) => `${n}${a.slice(1)}`);
    const done = await Promise.all(tokens.map((token) => runWorker('work', records.url, token)));
    const all: unknown[] = done.flat();
    expect(all).toHaveLength(200);
    expect(new Set(all).size).toBe(200);
    const [left] = await db.knex(db.vmTable).whereNot({ vm_status: 'remove' }).count({ n: '*' });
    const [written] = await db.knex('mod_vmctl_ip_allocations').count({ n: '*' });
    expect([left?.n, written?.n]).toEqual([0, 200]);
  }, 60_000);
});

describe('ticks and claims on MariaDB', () => {
  let records: Ground & { db: Database };
  beforeAll(async () => {
    records = await createRecords('mysql');
  });
  afterAll(() => records.remove());

  it('two ticks that claim 500 rows at once get each row exactly once, while a third takes over from the dead', async () => {
    const { db } = records;
    const others = await Promise.all([records.open(), records.open()]);
    const rows = Array.from({ length: 500 }, () => ({ vm_status: 'terminate' }));
    await db.knex.batchInsert(db.vmTable, rows, 250);
    let over = false;
    const takingOver = (async () => {
      while (!over) await takeOver(db);
    })();
    const claims = await Promise.all(
      others.map(async (pool, n) => {
        const token = n === 0 ? a : b;
        await enterTick(pool, token, leaseMs);
        const ids: number[] = [];
        for (;;) {
          const got = await claimDue(pool, token, states, 50);
          if (got.length === 0) return ids;
          ids.push(...got.map(({ id }) => id));
        }
      }),
    );
    over = true;
    await takingOver;
    const all = claims.flat();
    expect(all).toHaveLength(500);
    expect(new Set(all).size).toBe(500);
    const [held] = await db.knex(db.vmTable).whereIn('claim_token', [a, b]).count({ n: '*' });
    expect(held?.n).toBe(500);
  });

  it('taking over that waits for a lock does not free what a tick has claimed that entered meanwhile', async () => {
    const { db } = records;
    const c = `c${a.slice(1)}`;
    await db.knex(db.vmTable).delete();
    const dead = await addRow(db, { claim_token: 'dead' });
    const row = await addRow(db);
    const held = await db.knex.transaction();
    await held(db.vmTable).where({ id: dead.id }).update({ attempts: 1 });
    const takingOver = takeOver(db);
    // Until its UPDATE waits for the lock.
    for (;;) {
      const [list] = await db.knex.raw('SHOW FULL PROCESSLIST');
      const waits = (each: { Info: string | null }) => /^update .* set `claim_token` = NULL/i.test(each.Info ?? '');
      if (list.some(waits)) break;
    }
    await enterTick(db, c, leaseMs);
    expect(await claimRow(db, c, row.id)).toBe(true);
    await held.commit();
    expect(await takingOver).toBe(1);
    expect(await readRow(db, row.id)).toMatchObject({ claim_token: c });
  });
});
