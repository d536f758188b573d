import { type Connection, createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createDatabase, type PrivateMariadb, startPrivateMariadb, testServer } from '../../support/mariadb.ts';
import { addService, createWhmcsTables, type WhmcsVariant } from '../../support/whmcs.ts';

async function connectionIn(options: { server?: string; charset?: string } = {}): Promise<Connection> {
  const database = await createDatabase(options);
  const connection = await createConnection({ uri: database.url, dateStrings: true });
  onTestFinished(async () => {
    await connection.end();
    await database.drop();
  });
  return connection;
}

async function values(connection: Connection, sql: string): Promise<unknown[]> {
  const [rows] = await connection.query({ sql, rowsAsArray: true });
  return Array.isArray(rows) ? rows.flat() : [];
}

describe('a test database', () => {
  it('is a schema of its own, and gone after drop', async () => {
    const [one, two] = [await createDatabase(), await createDatabase()];
    expect(one.url).not.toBe(two.url);
    const server = await createConnection(one.url);
    await one.drop();
    await two.drop();
    const left = await values(server, 'SHOW DATABASES');
    await server.end();
    expect(left).not.toContain(new URL(one.url).pathname.slice(1));
    expect(left).not.toContain(new URL(two.url).pathname.slice(1));
  });

  it('has the character set that was asked for', async () => {
    const connection = await connectionIn({ charset: 'latin1' });
    expect(await values(connection, 'SELECT @@character_set_database')).toEqual(['latin1']);
  });

  it('is on the server of the whole run', async () => {
    const { url } = await testServer();
    expect(process.env.VMCTL_TEST_DATABASE_URL ?? url).toContain(new URL(url).host);
  });

  it('is on no other server than the one that is named, even if that one does not answer', async () => {
    vi.stubEnv('VMCTL_TEST_DATABASE_URL', 'mysql://root:hidden@127.0.0.1:1/any');
    onTestFinished(() => void vi.unstubAllEnvs());
    await expect(createDatabase()).rejects.toThrow(
      'VMCTL_TEST_DATABASE_URL names a server that does not let us in: 127.0.0.1:1',
    );
  });
});

describe('the tables of WHMCS', () => {
  it.each<[WhmcsVariant, string, string]>([
    ['innodb', 'InnoDB', 'utf8mb3_unicode_ci'],
    ['myisam', 'MyISAM', 'utf8mb3_unicode_ci'],
    ['old', 'InnoDB', 'utf8mb3_unicode_ci'],
    ['utf8mb3', 'InnoDB', 'utf8mb3_general_ci'],
  ])('are there as %s with zero dates in every service', async (variant, engine, collation) => {
    const connection = await connectionIn();
    await createWhmcsTables(connection, { variant });
    const id = await addService(connection, { id: 5546, dedicatedip: '192.168.130.6', assignedips: '2001:db8::6' });
    expect(id).toBe(5546);
    const facts = `SELECT DISTINCT engine, table_collation FROM information_schema.tables WHERE table_schema = DATABASE()`;
    const [foundEngine, foundCollation] = await values(connection, facts);
    expect(foundEngine).toBe(engine);
    // Servers before MariaDB 10.6 call the same thing utf8_….
    expect(String(foundCollation).replace('utf8_', 'utf8mb3_')).toBe(collation);
    expect(await values(connection, 'SELECT nextduedate, lastupdate, domainstatus FROM tblhosting')).toEqual([
      ...['0000-00-00', '0000-00-00 00:00:00', 'Active'],
    ]);
  });

  it('have no user_id and admin_id in the Activity Log of an old version, and have them else', async () => {
    const [old, current] = [await connectionIn(), await connectionIn()];
    await createWhmcsTables(old, { variant: 'old' });
    await createWhmcsTables(current);
    expect(await values(old, 'SHOW COLUMNS FROM tblactivitylog')).not.toContain('user_id');
    expect(await values(current, 'SHOW COLUMNS FROM tblactivitylog')).toContain('user_id');
  });

  it('refuse an insert that leaves out a text column in strict mode', async () => {
    const connection = await connectionIn();
    await createWhmcsTables(connection);
    await connection.query("SET SESSION sql_mode = 'STRICT_TRANS_TABLES'");
    const insert = connection.query("INSERT INTO tblactivitylog (date, description, user) VALUES (NOW(), 'x', 'y')");
    await expect(insert).rejects.toMatchObject({ errno: 1364 });
  });

  it('leave the sql_mode of the connection as it was', async () => {
    const connection = await connectionIn();
    await connection.query("SET SESSION sql_mode = 'STRICT_TRANS_TABLES,NO_ZERO_DATE'");
    await createWhmcsTables(connection);
    await addService(connection);
    expect(await values(connection, 'SELECT @@sql_mode')).toEqual(['STRICT_TRANS_TABLES,NO_ZERO_DATE']);
  });
});

describe('a private MariaDB', () => {
  let server: PrivateMariadb;
  beforeAll(async () => {
    server = await startPrivateMariadb({ sqlMode: '' });
  });
  afterAll(() => server.stop());

  it('has the sql_mode that was asked for, on loopback only', async () => {
    const connection = await connectionIn({ server: server.url });
    expect(await values(connection, 'SELECT @@GLOBAL.sql_mode, @@bind_address')).toEqual(['', '127.0.0.1']);
  });
});
