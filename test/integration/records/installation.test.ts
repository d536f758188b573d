import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { afterAll, describe, expect, it } from 'vitest';
import type { Database } from '../../../src/records/database.ts';
import { adoptInstallation, checkInstallation } from '../../../src/records/installation.ts';
import { migrate } from '../../../src/records/migrate.ts';
import { createGround, createRecords, dialects, type Ground } from './fixtures.ts';

const grounds: Ground[] = [];
afterAll(() => Promise.all(grounds.map((each) => each.remove())));
const idOf = expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);

/** A copy of the database elsewhere: another schema, another file. */
async function copyOf(records: Ground & { db: Database }, dialect: 'mysql' | 'sqlite'): Promise<Database> {
  if (dialect === 'sqlite') {
    await records.db.knex.raw('PRAGMA wal_checkpoint(TRUNCATE)');
    const file = join(records.folder, 'copy.sqlite');
    copyFileSync(join(records.folder, 'vmctl.sqlite'), file);
    return records.open({ url: `sqlite:${file}` });
  }
  const copy = await createGround('mysql');
  grounds.push(copy);
  const [from, to] = [records.url, copy.url].map((url) => new URL(url).pathname.slice(1));
  const connection = await createConnection(copy.url);
  const [tables] = await connection.query({ sql: `SHOW TABLES FROM ${from}`, rowsAsArray: true });
  for (const [table] of Array.isArray(tables) ? tables.map((row) => Object.values(row)) : []) {
    await connection.query(`CREATE TABLE ${to}.${table} LIKE ${from}.${table}`);
    await connection.query(`INSERT INTO ${to}.${table} SELECT * FROM ${from}.${table}`);
  }
  await connection.end();
  return copy.open();
}

describe.each(dialects)('which database this is, on %s', (dialect) => {
  const create = async () => {
    const records = await createRecords(dialect);
    grounds.push(records);
    return records;
  };

  it('the database that was migrated is accepted, by every process, with the same id', async () => {
    const records = await create();
    const id = await checkInstallation(records.db);
    expect(id).toEqual(idOf);
    expect(await checkInstallation(await records.open())).toBe(id);
  });

  it('a copy elsewhere is refused until it is adopted; the original that moved keeps its id', async () => {
    const records = await create();
    const id = await checkInstallation(records.db);
    const moved = await copyOf(records, dialect);
    await expect(checkInstallation(moved)).rejects.toMatchObject({
      ...{ name: 'RefusedError', exitCode: 12, cure: expect.stringContaining('vmctl db adopt') },
      message: expect.stringMatching(/^this is not the database that vmctl was set up for: found .+, expected .+/),
    });
    await migrate(moved);
    await expect(checkInstallation(moved)).rejects.toMatchObject({ exitCode: 12 });
    expect(await adoptInstallation(moved, 'moved')).toBe(id);
    expect(await checkInstallation(moved)).toBe(id);
    expect(await checkInstallation(records.db)).toBe(id);
  });

  it('a copy that lives beside the original gets an id of its own', async () => {
    const records = await create();
    const id = await checkInstallation(records.db);
    const copy = await copyOf(records, dialect);
    const own = await adoptInstallation(copy, 'copy');
    expect(own).toEqual(idOf);
    expect(own).not.toBe(id);
    expect(await checkInstallation(copy)).toBe(own);
    expect(await checkInstallation(records.db)).toBe(id);
  });

  it('a database that was never migrated is refused with what to type', async () => {
    const ground = await createGround(dialect);
    grounds.push(ground);
    const db = await ground.open();
    const missing = { name: 'UsageError', exitCode: 2, cure: 'run: vmctl db migrate' };
    await expect(checkInstallation(db)).rejects.toMatchObject(missing);
    await migrate(db);
    await db.knex('mod_vmctl_installation').delete();
    await expect(checkInstallation(db)).rejects.toMatchObject(missing);
  });
});
