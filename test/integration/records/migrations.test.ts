import { afterAll, describe, expect, it } from 'vitest';
import type { Database } from '../../../src/records/database.ts';
import { migrate, migrationStatus, rollback } from '../../../src/records/migrate.ts';
import { startMysqlGate } from '../../support/mysql-gate.ts';
import { addRow, createGround, dialects, type Ground, turnedClock, vmTable } from './fixtures.ts';
import { runWorker } from './run-worker.ts';

const names = [
  ...['001_installation', '002_ticks', '003_vm_info', '004_ip_allocations', '005_vmid_allocations'],
  ...['006_log_runs', '007_log_entries', '008_dns_deletions', '009_duties', '010_slots'],
];
const grounds: Ground[] = [];
async function ground(dialect: 'mysql' | 'sqlite'): Promise<Ground> {
  const made = await createGround(dialect);
  grounds.push(made);
  return made;
}
afterAll(() => Promise.all(grounds.map((each) => each.remove())));

/** Every own table as the database describes it. */
async function schemaOf(db: Database): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  if (db.dialect === 'sqlite') {
    const rows = await db.knex.raw("SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY name");
    for (const { name, sql } of rows) found[name] = sql;
    return found;
  }
  const [tables] = await db.knex.raw('SHOW TABLES');
  for (const table of tables.map((row: object) => String(Object.values(row)[0]))) {
    const [[row]] = await db.knex.raw('SHOW CREATE TABLE ??', [table]);
    found[table] = String(row['Create Table']).replace(/ AUTO_INCREMENT=\d+/, '');
  }
  return found;
}

describe.each(dialects)('migrations on %s', (dialect) => {
  it('migrating makes everything, migrating again nothing', async () => {
    const db = await (await ground(dialect)).open();
    expect(await migrationStatus(db)).toEqual({ done: [], pending: names });
    expect(await migrate(db)).toEqual(names);
    const schema = await schemaOf(db);
    const [installation] = await db.knex('mod_vmctl_installation');
    expect(await migrate(db)).toEqual([]);
    expect(await migrationStatus(db)).toEqual({ done: names, pending: [] });
    expect(await schemaOf(db)).toEqual(schema);
    expect(await db.knex('mod_vmctl_installation')).toEqual([installation]);
  });

  it('several processes may migrate an empty database at once', async () => {
    const made = await ground(dialect);
    const ran = await Promise.all([1, 2, 3].map(() => runWorker('migrate', made.url)));
    expect(ran.flat().sort()).toEqual(names);
    const db = await made.open();
    expect(await db.knex('mod_vmctl_installation')).toHaveLength(1);
    expect(await migrate(db)).toEqual([]);
  }, 60_000);

  it('a killed migrate is taken over when its lease has run out, not before', async () => {
    const made = await ground(dialect);
    const clock = turnedClock();
    const db = await made.open({ clock });
    await migrate(db);
    await rollback(db, true);
    await db.knex('mod_vmctl_migrations_lease').update({ holder: 'killed', held_until: db.clock.sql(60_000) });
    await db.knex('mod_vmctl_migrations_lock').update({ is_locked: 1 });
    let ended = false;
    const migrating = migrate(db).finally(() => {
      ended = true;
    });
    await clock.sleep(10_000);
    expect(ended).toBe(false);
    clock.turn(61_000);
    expect(await migrating).toEqual(names);
    expect(await db.knex('mod_vmctl_migrations_lease')).toMatchObject([{ holder: null, held_until: null }]);
  });

  it('a migrate that takes longer than its lease keeps it', async () => {
    const clock = turnedClock();
    const db = await (await ground(dialect)).open({ clock });
    await migrate(db);
    const { exclusively } = await import('../../../src/records/migration-lease.ts');
    let inside = 0;
    const long = exclusively(db, async () => {
      inside += 1;
      for (let step = 0; step < 4; step += 1) {
        clock.turn(20_000);
        await clock.sleep(20_000);
      }
      inside -= 1;
    });
    await clock.sleep(2_000);
    const waited = exclusively(db, async () => inside);
    await long;
    expect(await waited).toBe(0);
  });

  it('a table of the VM table’s name that vmctl did not make is refused and left alone', async () => {
    const db = await (await ground(dialect)).open();
    await db.knex.schema.createTable(vmTable, (t) => t.increments());
    await expect(migrate(db)).rejects.toMatchObject({ name: 'UsageError', exitCode: 2, cure: /VM_TABLE/ });
    expect(Object.keys(await db.knex(vmTable).columnInfo())).toEqual(['id']);
    const moved = await db.knex.schema.renameTable(vmTable, 'panel_vms').then(() => migrate(db));
    expect(moved).toContain('003_vm_info');
  });

  it('another VM_TABLE gets its table by migrating, and rolling back never drops a foreign one', async () => {
    const made = await ground(dialect);
    await migrate(await made.open());
    const other = await made.open({ vmTable: 'my_vms' });
    expect((await migrationStatus(other)).pending).toEqual(['003_vm_info']);
    expect(await migrate(other)).toEqual(['003_vm_info']);
    expect((await addRow(other)).vm_status).toBe('terminate');
    await other.knex.schema.createTable('foreign_vms', (t) => t.increments());
    const mistaken = await made.open({ vmTable: 'foreign_vms' });
    await expect(rollback(mistaken, true)).rejects.toMatchObject({ name: 'RefusedError', exitCode: 12 });
    expect(await other.knex.schema.hasTable('foreign_vms')).toBe(true);
  });

  it('rolling back is refused while a table holds rows, and drops everything else', async () => {
    const db = await (await ground(dialect)).open();
    await migrate(db);
    const row = await addRow(db);
    await expect(rollback(db, false)).rejects.toMatchObject({
      exitCode: 12,
      message: expect.stringContaining(vmTable),
    });
    expect(await db.knex(vmTable)).toHaveLength(1);
    await db.knex(vmTable).where({ id: row.id }).delete();
    expect([...(await rollback(db, false))].sort()).toEqual(names);
    expect(Object.keys(await schemaOf(db)).filter((table) => !/migrations/.test(table))).toEqual([]);
    expect(await migrationStatus(db)).toEqual({ done: [], pending: names });
    expect(await migrate(db)).toEqual(names);
    await addRow(db);
    await rollback(db, true);
    expect(await db.knex.schema.hasTable(vmTable)).toBe(false);
  });

  it('a rollback that was killed between dropping and recording is repaired by migrating', async () => {
    const db = await (await ground(dialect)).open();
    await migrate(db);
    await db.knex.schema.dropTable('mod_vmctl_slots');
    expect((await migrationStatus(db)).pending).toEqual(['010_slots']);
    expect(await migrate(db)).toEqual(['010_slots']);
    expect(await db.knex.schema.hasTable('mod_vmctl_slots')).toBe(true);
  });

  it('the tables have the columns of the contract, and a row needs nothing but vm_status', async () => {
    const db = await (await ground(dialect)).open();
    await migrate(db);
    const columns = async (table: string) => Object.keys(await db.knex(table).columnInfo());
    expect(await columns(vmTable)).toEqual(
      expect.arrayContaining([
        ...['id', 'service_id', 'client_id', 'vm_status', 'status_message', 'status_changed_at', 'cluster', 'node'],
        ...['vm_id', 'vm_name', 'vm_uuid', 'vm_net0_mac', 'vm_rev_dns', 'domain', 'package', 'template'],
        ...['first_ready_at', 'expires_at', 'created_at', 'updated_at'],
      ]),
    );
    expect(await columns('mod_vmctl_ip_allocations')).toEqual(
      expect.arrayContaining(['address', 'pool', 'row_id', 'state', 'allocated_at', 'released_at']),
    );
    expect(await columns('mod_vmctl_vmid_allocations')).toEqual(
      expect.arrayContaining(['cluster', 'vmid', 'row_id', 'state', 'allocated_at', 'released_at']),
    );
    expect(await addRow(db, { vm_status: 'creation' })).toMatchObject({
      vm_status: 'creation',
      revision: 0,
      attempts: 0,
    });
    await db.knex('mod_vmctl_ip_allocations').insert({ address: '192.0.2.1', state: 'free' });
    await expect(db.knex('mod_vmctl_ip_allocations').insert({ address: '192.0.2.1', state: 'free' })).rejects.toThrow();
  });
});

describe('migrations on MariaDB', () => {
  it('several hosts may migrate an empty database at once, round after round', async () => {
    for (let round = 1; round <= 4; round += 1) {
      const made = await ground('mysql');
      const pools = await Promise.all([1, 2, 3].map(() => made.open({ clock: turnedClock() })));
      const ran = await Promise.all(pools.map((db) => migrate(db)));
      expect(ran.flat().sort()).toEqual(names);
    }
  });

  it('killed at every statement that makes its tables, the schema becomes the same in the end', async () => {
    const reference = await (await ground('mysql')).open();
    await migrate(reference);
    const made = await ground('mysql');
    const cut = new Set<string>();
    // A killed process says nothing more: its lease stays.
    let killed = false;
    const gate = await startMysqlGate(made.url, ({ sql, phase }) => {
      const makes = /^(create|alter|rename|drop) table/i.test(sql);
      if (killed || phase !== 'after' || !makes || cut.has(sql)) return killed ? 'cut' : 'pass';
      killed = true;
      cut.add(sql);
      return 'cut';
    });
    const clock = turnedClock();
    do {
      killed = false;
      const db = await made.open({ url: gate.url, clock });
      await migrate(db).catch(() => {});
      await db.close();
      clock.turn(61_000);
    } while (killed);
    const db = await made.open();
    expect(cut.size).toBe(13);
    expect(await migrate(db)).toEqual([]);
    expect(await schemaOf(db)).toEqual(await schemaOf(reference));
    await gate.close();
  });
});
