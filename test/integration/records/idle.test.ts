import { type Connection, createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { claimDue, hasWork } from '../../../src/records/claims.ts';
import type { Database } from '../../../src/records/database.ts';
import { enterTick, takeOver } from '../../../src/records/ticks.ts';
import { createRecords, dialects, type Ground } from './fixtures.ts';

const states = ['terminate', 'creation', 'change_package', 'set_dns_records', 'suspend', 'unsuspend'];
type Statement = { readonly sql: string; readonly bindings: (string | number)[] };

/** The statements that `work` sends, without those that open and close transactions. */
async function sentBy(db: Database, work: () => Promise<unknown>): Promise<Statement[]> {
  const sent: Statement[] = [];
  const note = (query: Statement) => {
    if (/^(select|update|insert|delete)/i.test(query.sql)) sent.push(query);
  };
  db.knex.on('query', note);
  await work();
  db.knex.off('query', note);
  return sent;
}

describe.each(['fresh', 'of an empty table'])(
  '100,000 ready rows on MariaDB, whose statistics are %s',
  (statistics) => {
    let records: Ground & { db: Database };
    let db: Database;
    let counting: Connection;
    beforeAll(async () => {
      records = await createRecords('mysql');
      db = records.db;
      if (statistics !== 'fresh') await db.knex.raw('ALTER TABLE ?? STATS_AUTO_RECALC=0', [db.vmTable]);
      await db.knex.raw(
        "INSERT INTO ?? (vm_status, progress_for, service_id, domain) SELECT 'ready', 'ready', seq, CONCAT(seq, '.example.com') FROM seq_1_to_100000",
        [db.vmTable],
      );
      await db.knex.raw(statistics === 'fresh' ? 'ANALYZE TABLE ??' : 'FLUSH TABLES ??', [db.vmTable]);
      counting = await createConnection({ uri: records.url, dateStrings: true });
    });
    afterAll(async () => {
      await counting.end();
      await records.remove();
    });

    /** How many rows and index entries the server reads for what `work` sends. */
    async function readsOf(work: () => Promise<unknown>): Promise<number> {
      let reads = 0;
      for (const { sql, bindings } of await sentBy(db, work)) {
        await counting.query('BEGIN');
        await counting.query('FLUSH STATUS');
        await counting.query(sql, bindings);
        const [rows] = await counting.query("SHOW SESSION STATUS LIKE 'Handler_read%'");
        for (const row of Array.isArray(rows) ? rows : []) reads += Number(Reflect.get(row, 'Value'));
        await counting.query('ROLLBACK');
      }
      return reads;
    }

    it('an idle tick sends one statement, which reads a handful of index entries', async () => {
      expect(await hasWork(db, states)).toBe(false);
      expect(await sentBy(db, () => hasWork(db, states))).toHaveLength(1);
      expect(await readsOf(() => hasWork(db, states))).toBeLessThan(30);
    });

    it('claiming and taking over read a handful more than they find', async () => {
      await enterTick(db, 'a', 600_000);
      expect(await readsOf(() => claimDue(db, 'a', states, 50))).toBeLessThan(30);
      expect(await readsOf(() => takeOver(db))).toBeLessThan(30);
      await db.knex(db.vmTable).where({ id: 99_000 }).update({ vm_status: 'terminate' });
      expect(await readsOf(async () => expect(await claimDue(db, 'a', states, 50)).toHaveLength(1))).toBeLessThan(60);
      expect(await readsOf(() => takeOver(db))).toBeLessThan(60);
    });
  },
);

describe.each(dialects)('the plan of an idle tick on %s', (dialect) => {
  it('reads the VM table by indexes alone', async () => {
    const records = await createRecords(dialect);
    const { db } = records;
    const rows = Array.from({ length: 2_000 }, () => ({ vm_status: 'ready', progress_for: 'ready' }));
    await db.knex.batchInsert(db.vmTable, rows, 100);
    const [sent] = await sentBy(db, () => hasWork(db, states));
    const explain = dialect === 'mysql' ? 'EXPLAIN' : 'EXPLAIN QUERY PLAN';
    const answer = await db.knex.raw(`${explain} ${sent?.sql}`, sent?.bindings ?? []);
    const plan: Record<string, unknown>[] = dialect === 'mysql' ? answer[0] : answer;
    const used =
      dialect === 'mysql'
        ? plan.filter((line) => line.table === db.vmTable).map((line) => line.key)
        : plan.map((line) => / USING (?:COVERING )?INDEX (\S+)/.exec(String(line.detail))?.[1]).filter(Boolean);
    expect([...new Set(used)].sort()).toEqual([`${db.vmTable}_claim`, `${db.vmTable}_due`]);
    await records.remove();
  });
});
