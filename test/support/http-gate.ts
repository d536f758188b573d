import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { Gate, Verdict } from './mysql-gate.ts';

/** One request on its way between vmctl and an HTTP server. */
export interface HttpCall {
  /** From 1. */
  readonly index: number;
  readonly method: string;
  /** With its query. */
  readonly path: string;
  /** `before`: not sent on yet. `after`: the server has answered, the client does not know yet. */
  readonly phase: 'before' | 'after';
}

/** What the client gets in place of the server's answer. */
export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

type HttpVerdict = Verdict | HttpAnswer | undefined;

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** A door in front of an HTTP server such as PowerDNS; see `startMysqlGate`. It may also answer by itself. */
export async function startHttpGate(
  targetUrl: string,
  onCall: (call: HttpCall) => HttpVerdict | Promise<HttpVerdict>,
): Promise<Gate> {
  const target = new URL(targetUrl);
  let calls = 0;

  async function pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { method = 'GET', url: path = '/', headers } = incoming;
    const body = await bodyOf(incoming);
    calls += 1;
    const call = { index: calls, method, path };
    const verdict = await onCall({ ...call, phase: 'before' });
    if (verdict === 'cut') {
      incoming.socket.destroy();
      return;
    }
    if (typeof verdict === 'object') {
      outgoing.writeHead(verdict.status, { 'Content-Type': 'text/html' });
      outgoing.end(verdict.body);
      return;
    }
    const forwarded = request({ hostname: target.hostname, port: target.port, method, path, headers, agent: false });
    const answer = once(forwarded, 'response');
    forwarded.end(body);
    const [response]: IncomingMessage[] = await answer;
    if (!response) throw new Error('no answer');
    const content = await bodyOf(response);
    if ((await onCall({ ...call, phase: 'after' })) === 'cut') {
      incoming.socket.destroy();
      return;
    }
    const { 'transfer-encoding': _, connection: __, ...kept } = response.headers;
    outgoing.writeHead(response.statusCode ?? 502, response.statusMessage ?? '', kept);
    outgoing.end(content);
  }

  const gate = createServer((incoming, outgoing) => {
    pass(incoming, outgoing).catch(() => incoming.socket.destroy());
  }).listen(0, '127.0.0.1');
  await once(gate, 'listening');
  const address = gate.address();
  if (address === null || typeof address === 'string') throw new Error('the gate has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    get calls() {
      return calls;
    },
    async close() {
      gate.closeAllConnections();
      gate.close();
      await once(gate, 'close');
    },
  };
}
