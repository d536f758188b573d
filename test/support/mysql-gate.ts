import { once } from 'node:events';
import { createServer, createConnection as openSocket, type Socket } from 'node:net';

/** One command on its way between vmctl and the database. */
export interface SqlCall {
  /** From 1, over all connections. */
  readonly index: number;
  /** Text of the statement; empty for the execution of a prepared one. */
  readonly sql: string;
  /** `before`: not sent on yet. `after`: the server has answered, the client does not know yet. */
  readonly phase: 'before' | 'after';
}

/** What follows: pass the message on, or cut the connection without it. */
export type Verdict = 'pass' | 'cut';

export interface Gate {
  readonly url: string;
  /** Calls so far. */
  readonly calls: number;
  close(): Promise<void>;
}

// https://mariadb.com/kb/en/2-text-protocol/ and 3-binary-protocol-prepared-statements: those that do something.
const counted: ReadonlyMap<number, 'text' | 'execute'> = new Map([
  [0x03, 'text'],
  [0x16, 'text'],
  [0x17, 'execute'],
]);

/** Cuts a client's stream into packets (3 bytes length, 1 byte sequence, payload). */
async function* packets(socket: Socket): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of socket) {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 4 && rest.length >= 4 + rest.readUIntLE(0, 3)) {
      const length = 4 + rest.readUIntLE(0, 3);
      yield rest.subarray(0, length);
      rest = rest.subarray(length);
    }
  }
}

/** The statement in a packet, if it begins a counted command. Packets of the handshake never have the sequence 0. */
function statementOf(packet: Buffer): string | undefined {
  const kind = packet[3] === 0 ? counted.get(packet[4] ?? 0) : undefined;
  if (kind === undefined) return undefined;
  return kind === 'text' ? packet.toString('utf8', 5) : '';
}

/**
 * A door in front of MariaDB: every statement passes it twice, and `onCall` may hold it, count it, kill the client or
 * cut the connection there. The server has done its work when `after` comes, because the first byte of its answer is
 * what is held.
 */
export async function startMysqlGate(
  databaseUrl: string,
  onCall: (call: SqlCall) => Verdict | undefined | Promise<Verdict | undefined>,
): Promise<Gate> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  let calls = 0;

  function join(client: Socket): void {
    const server = openSocket(Number(target.port || 3306), target.hostname);
    let pending: { index: number; sql: string } | undefined;
    function cut(): void {
      client.destroy();
      server.destroy();
    }
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      // A killed client resets its connection: that is what this is for.
      socket.on('error', cut);
      socket.on('close', () => {
        sockets.delete(socket);
        cut();
      });
    }
    async function fromClient(): Promise<void> {
      for await (const packet of packets(client)) {
        const sql = statementOf(packet);
        if (sql !== undefined) {
          calls += 1;
          pending = { index: calls, sql };
          if ((await onCall({ ...pending, phase: 'before' })) === 'cut') return cut();
        }
        server.write(packet);
      }
    }
    async function fromServer(): Promise<void> {
      for await (const chunk of server) {
        const answered = pending;
        pending = undefined;
        if (answered && (await onCall({ ...answered, phase: 'after' })) === 'cut') return cut();
        client.write(chunk);
      }
    }
    fromClient().catch(cut);
    fromServer().catch(cut);
  }

  const gate = createServer(join).listen(0, '127.0.0.1');
  await once(gate, 'listening');
  const address = gate.address();
  if (address === null || typeof address === 'string') throw new Error('the gate has no port');
  const url = new URL(databaseUrl);
  url.host = `127.0.0.1:${address.port}`;
  return {
    url: url.href,
    get calls() {
      return calls;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      gate.close();
      await once(gate, 'close');
    },
  };
}
