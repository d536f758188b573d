import { type Connection, createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { registerSecret } from '../../../src/base/redact.ts';
import { writeActivity } from '../../../src/records/activity-log.ts';
import { checkpoint } from '../../../src/records/checkpoint.ts';
import type { Database } from '../../../src/records/database.ts';
import { transact } from '../../../src/records/transaction.ts';
import { whmcsSchema } from '../../../src/records/whmcs.ts';
import { startMysqlGate } from '../../support/mysql-gate.ts';
import { createWhmcsTables } from '../../support/whmcs.ts';
import { addRow, createRecords, type Ground, type Turned, turnedClock } from './fixtures.ts';

const token = 'aaaaaaaa-0000-4000-8000-000000000000';
const done = 'Service terminated successfully - Service ID: 5546';

/** A clock that stands at `text` (UTC). */
function standingAt(text: string): Turned {
  const clock = turnedClock();
  const start = Date.parse(text);
  let ahead = 0;
  return { ...clock, now: () => start + ahead, turn: (ms) => (ahead += ms) };
}

describe.each(['innodb', 'myisam', 'old', 'utf8mb3'] as const)('the Activity Log of WHMCS, variant %s', (variant) => {
  const clock = standingAt('2026-04-17T23:36:08.500Z');
  let records: Ground & { db: Database };
  let db: Database;
  let whmcs: Connection;
  beforeAll(async () => {
    records = await createRecords('mysql', { clock, timeZone: 'Europe/Warsaw' });
    db = records.db;
    whmcs = await createConnection({ uri: records.url, dateStrings: true });
    await createWhmcsTables(whmcs, { variant });
    await whmcsSchema(db);
  });
  beforeEach(() => db.knex('tblactivitylog').delete());
  afterAll(async () => {
    await whmcs.end();
    await records.remove();
  });
  const log = (): Promise<Record<string, unknown>[]> => db.knex('tblactivitylog').orderBy('id');
  const startedAt = () => new Date(clock.now() - 5_000).toISOString();
  const write = (description: string, attemptStartedAt = startedAt(), clientId = 7) =>
    transact(db, (trx) => writeActivity(trx, db, { description, clientId, attemptStartedAt }));

  it('an entry looks as WHMCS’s own, its time is local and its client the row’s', async () => {
    await write(done);
    const users = variant === 'old' ? {} : { user_id: 0, admin_id: 0 };
    const entry = { date: '2026-04-18 01:36:08', description: done, user: 'vmctl', userid: 7, ipaddr: '127.0.0.1' };
    expect(await log()).toEqual([{ id: expect.any(Number), ...entry, ...users }]);
  });

  it('it is written inside the transaction only where a rollback takes it back', async () => {
    const inside: string[] = [];
    const note = ({ sql }: { sql: string }) => inside.push(sql);
    db.knex.on('query', note);
    await write(done);
    db.knex.off('query', note);
    expect(inside.some((sql) => sql.startsWith('insert into `tblactivitylog`'))).toBe(variant !== 'myisam');
    expect(await log()).toHaveLength(1);
  });

  it('a character that three-byte utf8 lacks is replaced, the rest of the reason stays', async () => {
    await write('Error: głowica 🔥 padła — 再見');
    expect(await log()).toMatchObject([{ description: 'Error: głowica \uFFFD padła — 再見' }]);
  });

  it('a secret never reaches it', async () => {
    registerSecret('pve-token-secret');
    await write('Error: 401 for vmctl@pve!cron=pve-token-secret');
    expect(await log()).toMatchObject([{ description: 'Error: 401 for vmctl@pve!cron=***' }]);
  });

  it('two attempts with the same outcome make two entries, two clients their own', async () => {
    await write(done);
    clock.turn(60_000);
    await write(done);
    await write(done, startedAt(), 8);
    expect(await log()).toHaveLength(3);
  });

  it('an entry of an attempt that could not be ended exists at most once after the attempt is repeated', async () => {
    const entry = { description: done, clientId: 7, attemptStartedAt: startedAt() };
    const failing = transact(db, async (trx) => {
      await writeActivity(trx, db, entry);
      throw new Error('rolled back');
    });
    await expect(failing).rejects.toThrow('rolled back');
    // MyISAM knows no rollback: the entry stands, and is found again.
    expect(await log()).toHaveLength(variant === 'myisam' ? 1 : 0);
    clock.turn(30_000);
    await transact(db, (trx) => writeActivity(trx, db, entry));
    expect(await log()).toHaveLength(1);
  });

  it('the answer to COMMIT is lost: there is one entry', async () => {
    let cut = false;
    const gate = await startMysqlGate(records.url, ({ sql, phase }) => {
      if (cut || phase !== 'after' || !/^COMMIT/i.test(sql)) return 'pass';
      cut = true;
      return 'cut';
    });
    const far = await records.open({ url: gate.url, clock, timeZone: 'Europe/Warsaw' });
    await whmcsSchema(far);
    const row = await addRow(db, { claim_token: token });
    const entry = { description: done, clientId: 7, attemptStartedAt: startedAt() };
    expect(await checkpoint(far, row, token, { to: 'remove' }, (trx) => writeActivity(trx, far, entry))).toBe('done');
    expect(cut).toBe(true);
    expect(await log()).toHaveLength(1);
    await far.close();
    await gate.close();
  });

  it('twenty checkpoints at once with a pool of ten end, each with its entry', async () => {
    const rows = await Promise.all(Array.from({ length: 20 }, () => addRow(db, { claim_token: token })));
    const ends = rows.map((row) =>
      checkpoint(db, row, token, { to: 'remove', release: true }, async (trx) => {
        const description = `Service terminated successfully - Service ID: ${row.id}`;
        await writeActivity(trx, db, { description, clientId: 7, attemptStartedAt: startedAt() });
      }),
    );
    expect(new Set(await Promise.all(ends))).toEqual(new Set(['done']));
    expect(await log()).toHaveLength(20);
  });
});

describe('the Activity Log on a MyISAM table in the night when the clocks are put back', () => {
  it('an entry is found again although its local time is before the attempt’s', async () => {
    // Warsaw: 2026-10-25 03:00 CEST is 02:00 CET, 01:00 UTC.
    const clock = standingAt('2026-10-25T01:05:00Z');
    const records = await createRecords('mysql', { clock, timeZone: 'Europe/Warsaw' });
    const { db } = records;
    const whmcs = await createConnection(records.url);
    await createWhmcsTables(whmcs, { variant: 'myisam' });
    await whmcs.end();
    const entry = { description: done, clientId: 7, attemptStartedAt: '2026-10-25T00:50:00.000Z' };
    for (const minutes of [0, 1]) {
      clock.turn(minutes * 60_000);
      await transact(db, (trx) => writeActivity(trx, db, entry));
    }
    expect(await db.knex('tblactivitylog').select('date')).toEqual([{ date: '2026-10-25 02:05:00' }]);
    await transact(db, (trx) => writeActivity(trx, db, { ...entry, attemptStartedAt: '2026-10-25T01:05:30.000Z' }));
    expect(await db.knex('tblactivitylog')).toHaveLength(2);
    await records.remove();
  });
});

describe('standalone, without WHMCS', () => {
  it.each(['mysql', 'sqlite'] as const)('nothing is written and nothing fails on %s', async (dialect) => {
    const records = await createRecords(dialect);
    const { db } = records;
    expect(await whmcsSchema(db)).toEqual({ hosting: false, activity: undefined });
    const entry = { description: done, clientId: 7, attemptStartedAt: new Date(0).toISOString() };
    await transact(db, (trx) => writeActivity(trx, db, entry));
    await records.remove();
  });
});
