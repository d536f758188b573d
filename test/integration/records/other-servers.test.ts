import { type Connection, createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeActivity } from '../../../src/records/activity-log.ts';
import type { Database } from '../../../src/records/database.ts';
import { migrate } from '../../../src/records/migrate.ts';
import { transact } from '../../../src/records/transaction.ts';
import { whmcsSchema } from '../../../src/records/whmcs.ts';
import { type PrivateMariadb, startPrivateMariadb } from '../../support/mariadb.ts';
import { createWhmcsTables } from '../../support/whmcs.ts';
import { createGround, type Ground, vmTable } from './fixtures.ts';

describe('a server with other defaults: MyISAM, latin1, not strict, REPEATABLE READ, another time zone', () => {
  let server: PrivateMariadb;
  let ground: Ground;
  let db: Database;
  let panel: Connection;
  beforeAll(async () => {
    server = await startPrivateMariadb({
      sqlMode: '',
      args: [
        ...['--default-storage-engine=MyISAM', '--character-set-server=latin1', '--collation-server=latin1_swedish_ci'],
        ...['--transaction-isolation=REPEATABLE-READ', '--default-time-zone=+05:30'],
      ],
    });
    ground = await createGround('mysql', server.url);
    db = await ground.open();
    await migrate(db);
    panel = await createConnection({ uri: ground.url, dateStrings: true });
  });
  afterAll(async () => {
    await panel?.end();
    await ground?.remove();
    await server?.stop();
  });

  it('every own table is InnoDB and utf8mb4', async () => {
    const [tables] = await db.knex.raw(
      'SELECT table_name AS name, engine AS engine, table_collation AS collation FROM information_schema.tables WHERE table_schema = DATABASE()',
    );
    expect(tables).toHaveLength(13);
    for (const table of tables) expect(table).toMatchObject({ engine: 'InnoDB', collation: 'utf8mb4_unicode_ci' });
    const [[columns]] = await db.knex.raw(
      "SELECT COUNT(*) AS n FROM information_schema.columns WHERE table_schema = DATABASE() AND character_set_name <> 'utf8mb4'",
    );
    expect(columns.n).toBe(0);
  });

  it('every connection is strict, at READ COMMITTED and in UTC, whatever the server’s settings', async () => {
    const ask = 'SELECT @@sql_mode AS mode, @@time_zone AS zone, @@tx_isolation AS isolation, SLEEP(0.05) AS pause';
    const answers = await Promise.all(Array.from({ length: 10 }, () => db.knex.raw(ask)));
    const aside = await (await db.aside()).raw(ask);
    for (const [[session]] of [...answers, aside]) {
      expect(session.mode.split(',').sort()).toEqual(['NO_ENGINE_SUBSTITUTION', 'STRICT_TRANS_TABLES']);
      expect(session).toMatchObject({ zone: '+00:00', isolation: 'READ-COMMITTED' });
    }
  });

  it('a fenced write sees what was committed since the transaction began', async () => {
    const [id] = await db.knex(vmTable).insert({ vm_status: 'terminate' });
    await db.knex.transaction(async (trx) => {
      await trx(vmTable).where({ id }).select('id');
      await panel.query(`UPDATE ${vmTable} SET vm_status = 'ready' WHERE id = ?`, [id]);
      expect(await trx(vmTable).where({ id }).first('vm_status')).toEqual({ vm_status: 'ready' });
    });
  });

  it.each(['', 'STRICT_ALL_TABLES,NO_ZERO_DATE'])(
    'a panel with sql_mode %j inserts a row with vm_status alone',
    async (mode) => {
      await panel.query('SET SESSION sql_mode = ?', [mode]);
      await panel.query(`INSERT INTO ${vmTable} (vm_status) VALUES ('creation')`);
      const [warnings] = await panel.query('SHOW WARNINGS');
      expect(warnings).toEqual([]);
      const row = await db.knex(vmTable).orderBy('id', 'desc').first();
      const { id, vm_status, revision, attempts, ...rest } = row;
      expect([vm_status, revision, attempts]).toEqual(['creation', 0, 0]);
      expect(Object.values(rest).filter((value) => value !== null)).toEqual([]);
    },
  );

  it('a reason with characters that WHMCS’s columns lack is stored with replacements, not cut and not refused', async () => {
    await panel.query("SET SESSION sql_mode = ''");
    await createWhmcsTables(panel, { variant: 'utf8mb3' });
    const write = (pool: Database) =>
      transact(pool, (trx) =>
        writeActivity(trx, pool, {
          description: 'Error: dysk 🔥 padł!',
          clientId: 7,
          attemptStartedAt: '2026-01-01T00:00:00Z',
        }),
      );
    await whmcsSchema(db);
    await write(db);
    await panel.query('DELETE FROM tblmodulelog');
    await panel.query('ALTER TABLE tblactivitylog CONVERT TO CHARACTER SET latin1');
    const again = await ground.open();
    await whmcsSchema(again);
    await write(again);
    const [rows] = await panel.query('SELECT description FROM tblactivitylog ORDER BY id');
    expect(rows).toEqual([{ description: 'Error: dysk ? pad?!' }, { description: 'Error: dysk ? pad?!' }]);
  });
});
