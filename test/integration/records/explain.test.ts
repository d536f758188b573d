import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkInstallation } from '../../../src/records/installation.ts';
import { migrate } from '../../../src/records/migrate.ts';
import { explain } from '../../../src/records/transaction.ts';
import { findRow } from '../../../src/records/vm-row.ts';
import { createGround, type Ground, turnedClock } from './fixtures.ts';

const user = `vmctl_${process.pid}`;

describe('what the operator reads when the database does not answer as it should', () => {
  let ground: Ground;
  let url: URL;
  beforeAll(async () => {
    ground = await createGround('mysql');
    url = new URL(ground.url);
    await asRoot(`CREATE USER ${user}@localhost IDENTIFIED BY 'right-password'`);
    await asRoot(`CREATE USER ${user}@'127.0.0.1' IDENTIFIED BY 'right-password'`);
  });
  afterAll(async () => {
    await asRoot(`DROP USER ${user}@localhost, ${user}@'127.0.0.1'`);
    await ground.remove();
  });
  async function asRoot(sql: string): Promise<void> {
    const connection = await createConnection(ground.url);
    await connection.query(sql);
    await connection.end();
  }
  async function open(change: Partial<Pick<URL, 'username' | 'password' | 'pathname' | 'host'>>) {
    const changed = Object.assign(new URL(url.href), change);
    return ground.open({ url: changed.href, clock: turnedClock() });
  }
  const usage = { name: 'UsageError', exitCode: 2 };

  it('a wrong password is a wrong setting, and the password is not repeated', async () => {
    const db = await open({ username: user, password: 'wrong-password' });
    const error = await checkInstallation(db).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ ...usage, message: expect.stringMatching(/refuses: Access denied for user/) });
    expect(error).toMatchObject({ cure: expect.stringContaining('VMCTL_DATABASE_URL') });
    expect(String(error)).not.toContain('wrong-password');
  });

  it('an unknown schema is a wrong setting, and is named', async () => {
    const db = await open({ pathname: 'no_such_schema' });
    await expect(findRow(db, 1)).rejects.toMatchObject({
      ...usage,
      message: expect.stringContaining('no_such_schema'),
    });
  });

  it('a user without a right is told which', async () => {
    await asRoot(`GRANT INSERT ON ${url.pathname.slice(1)}.* TO ${user}@localhost, ${user}@'127.0.0.1'`);
    await migrate(await ground.open());
    const db = await open({ username: user, password: 'right-password' });
    await expect(findRow(db, 1)).rejects.toMatchObject({
      ...usage,
      message: expect.stringContaining('SELECT command denied'),
    });
  });

  it('a server that is down, or a host that does not exist, is not reachable', async () => {
    const gone = { name: 'UnreachableError', exitCode: 5, cure: expect.stringContaining('VMCTL_DATABASE_URL') };
    const down = await open({ host: '127.0.0.1:9' });
    await expect(findRow(down, 1)).rejects.toMatchObject({ ...gone, message: expect.stringContaining('ECONNREFUSED') });
    const unknown = await open({ host: 'db.invalid:3306' });
    await expect(findRow(unknown, 1)).rejects.toMatchObject({
      ...gone,
      message: expect.stringContaining('db.invalid'),
    });
  });

  it('a server that has no connection left is not reachable for now', async () => {
    const handshake = Buffer.from('ÿ\u0010\u0004Too many connections', 'latin1');
    const full = createServer((socket) => {
      socket.on('error', () => {});
      socket.end(Buffer.concat([Buffer.from([handshake.length, 0, 0, 0]), handshake]));
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => full.once('listening', resolve));
    const address = full.address();
    const db = await open({ host: `127.0.0.1:${typeof address === 'object' ? address?.port : 0}` });
    await expect(findRow(db, 1)).rejects.toMatchObject({ name: 'UnreachableError', exitCode: 5 });
    full.close();
  });

  it.each(['mysql', 'sqlite'] as const)('missing tables on %s: what to type', async (dialect) => {
    const empty = await createGround(dialect);
    const db = await empty.open();
    await expect(findRow(db, 1)).rejects.toMatchObject({ ...usage, cure: 'run: vmctl db migrate' });
    await empty.remove();
  });

  it('a SQLite file that is none, or whose folder cannot be made, is a wrong setting', async () => {
    const file = join(ground.folder, 'text');
    writeFileSync(file, 'this is a text and not a database, though it is long enough to be taken for one'.repeat(20));
    const none = await ground.open({ url: `sqlite:${file}` });
    await expect(findRow(none, 1)).rejects.toMatchObject({ ...usage, message: expect.stringContaining('SQLite') });
    await expect(ground.open({ url: `sqlite:${file}/below/vmctl.sqlite` })).rejects.toMatchObject(usage);
    const folder = await ground.open({ url: `sqlite:${ground.folder}` });
    await expect(findRow(folder, 1)).rejects.toMatchObject(usage);
  });

  it('a URL of another kind is a wrong setting', async () => {
    await expect(ground.open({ url: 'postgres://u:secret-word@h/x' })).rejects.toMatchObject(usage);
    await expect(ground.open({ url: 'mysql://root@127.0.0.1:3306' })).rejects.toMatchObject(usage);
  });

  it('an error that is about none of this comes back as it is', () => {
    const error = new Error('a bug');
    expect(explain(error)).toBe(error);
  });
});
