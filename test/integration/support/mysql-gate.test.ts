import { once } from 'node:events';
import { connect } from 'node:net';
import { type Connection, createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createDatabase, type TestDatabase } from '../../support/mariadb.ts';
import { type Gate, type SqlCall, startMysqlGate, type Verdict } from '../../support/mysql-gate.ts';

let database: TestDatabase;
let gate: Gate;
let direct: Connection;
let onCall: (call: SqlCall) => Verdict | undefined | Promise<Verdict | undefined>;

beforeAll(async () => {
  database = await createDatabase();
  direct = await createConnection(database.url);
  await direct.query('CREATE TABLE notes (text VARCHAR(20)) ENGINE=InnoDB');
  gate = await startMysqlGate(database.url, (call) => onCall(call));
});
beforeEach(async () => {
  onCall = () => 'pass';
  await direct.query('DELETE FROM notes');
});
afterAll(async () => {
  await gate.close();
  await direct.end();
  await database.drop();
});

async function notes(): Promise<unknown> {
  const [rows] = await direct.query({ sql: 'SELECT text FROM notes ORDER BY text', rowsAsArray: true });
  return rows;
}

it('every statement passes twice, in order, and nothing of the handshake does', async () => {
  const seen: string[] = [];
  const first = gate.calls;
  onCall = ({ index, sql, phase }) => {
    seen.push(`${index - first} ${phase} ${sql}`);
    return undefined;
  };
  const client = await createConnection(gate.url);
  await client.query("INSERT INTO notes VALUES ('a')");
  await client.ping();
  await client.execute('SELECT text FROM notes WHERE text = ?', ['a']);
  await client.end();
  expect(seen).toEqual([
    ...["1 before INSERT INTO notes VALUES ('a')", "1 after INSERT INTO notes VALUES ('a')"],
    ...['2 before SELECT text FROM notes WHERE text = ?', '2 after SELECT text FROM notes WHERE text = ?'],
    ...['3 before ', '3 after '],
  ]);
  expect(gate.calls - first).toBe(3);
});

it('a packet of the handshake is no statement, whatever it begins with', async () => {
  const first = gate.calls;
  const socket = connect(Number(new URL(gate.url).port), '127.0.0.1');
  await once(socket, 'data');
  socket.end(Buffer.from([2, 0, 0, 1, 0x03, 0x41]));
  await once(socket.resume(), 'close');
  expect(gate.calls).toBe(first);
});

it('a statement that is cut before never reaches the server', async () => {
  onCall = ({ phase }) => (phase === 'before' ? 'cut' : 'pass');
  const client = await createConnection(gate.url);
  await expect(client.query("INSERT INTO notes VALUES ('b')")).rejects.toMatchObject({
    code: 'PROTOCOL_CONNECTION_LOST',
  });
  expect(await notes()).toEqual([]);
});

it('a statement that is cut after was executed, and the client does not know', async () => {
  onCall = ({ phase }) => (phase === 'after' ? 'cut' : 'pass');
  const client = await createConnection(gate.url);
  await expect(client.query("INSERT INTO notes VALUES ('c')")).rejects.toMatchObject({
    code: 'PROTOCOL_CONNECTION_LOST',
  });
  expect(await notes()).toEqual([['c']]);
});

it('a statement is held as long as the test wants, and has worked meanwhile only in its second phase', async () => {
  const found: unknown[] = [];
  onCall = async (): Promise<Verdict> => {
    found.push(await notes());
    return 'pass';
  };
  const client = await createConnection(gate.url);
  await client.query("INSERT INTO notes VALUES ('d')");
  await client.end();
  expect(found).toEqual([[], [['d']]]);
});

it('an open transaction of a cut connection is rolled back', async () => {
  onCall = ({ sql, phase }) => (sql === 'COMMIT' && phase === 'before' ? 'cut' : 'pass');
  const client = await createConnection(gate.url);
  await client.query('BEGIN');
  await client.query("INSERT INTO notes VALUES ('e')");
  await expect(client.query('COMMIT')).rejects.toMatchObject({ code: 'PROTOCOL_CONNECTION_LOST' });
  expect(await notes()).toEqual([]);
});

it('answers of many rows arrive whole', async () => {
  const client = await createConnection(gate.url);
  await client.query("INSERT INTO notes SELECT REPEAT('x', 20) FROM seq_1_to_20000");
  const [rows] = await client.query({ sql: 'SELECT text FROM notes', rowsAsArray: true });
  await client.end();
  expect(rows).toHaveLength(20_000);
});
