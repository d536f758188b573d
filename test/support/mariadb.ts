import { randomBytes } from 'node:crypto';
import { createConnection } from 'mysql2/promise';
import { type PrivateMariadb, startPrivateMariadb } from './private-mariadb.ts';

export { type PrivateMariadb, startPrivateMariadb };

const variable = 'VMCTL_TEST_DATABASE_URL';
const local = 'mysql://root@127.0.0.1:3306';

export interface TestServer {
  /** Without a schema. */
  readonly url: string;
  stop(): Promise<void>;
}

export interface TestDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

function withSchema(server: string, schema: string): string {
  const url = new URL(server);
  url.pathname = schema;
  return url.href;
}

async function lets(url: string): Promise<boolean> {
  try {
    const connection = await createConnection({ uri: withSchema(url, ''), connectTimeout: 3_000 });
    await connection.end();
    return true;
  } catch {
    return false;
  }
}

/**
 * The MariaDB of this run: the one that VMCTL_TEST_DATABASE_URL names, else one on 127.0.0.1:3306 that lets root in
 * without a password, else a private one. The variable is set to it, so that all test processes use the same.
 * @throws Error if the named one does not answer.
 */
export async function testServer(): Promise<TestServer> {
  const named = process.env[variable];
  const keep = async () => {};
  if (named !== undefined && named !== '') {
    if (!(await lets(named)))
      throw new Error(`${variable} names a server that does not let us in: ${new URL(named).host}`);
    return { url: withSchema(named, ''), stop: keep };
  }
  const server = (await lets(local)) ? { url: local, stop: keep } : await startPrivateMariadb();
  process.env[variable] = server.url;
  return server;
}

/**
 * Makes a fresh schema with a random name. Drop it when the test file ends. For a server with another `sql_mode`, start
 * a private one and give its `url` as `server`: on a shared server nothing global is changed.
 */
export async function createDatabase(options: { server?: string; charset?: string } = {}): Promise<TestDatabase> {
  const server = options.server ?? (await testServer()).url;
  const schema = `vmctl_test_${randomBytes(6).toString('hex')}`;
  const statement = async (sql: string) => {
    const connection = await createConnection(withSchema(server, ''));
    await connection.query(sql);
    await connection.end();
  };
  await statement(`CREATE DATABASE ${schema}${options.charset ? ` CHARACTER SET ${options.charset}` : ''}`);
  return { url: withSchema(server, schema), drop: () => statement(`DROP DATABASE IF EXISTS ${schema}`) };
}
