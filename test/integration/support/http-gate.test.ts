import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type HttpCall, startHttpGate } from '../../support/http-gate.ts';
import type { Gate, Verdict } from '../../support/mysql-gate.ts';

const served: string[] = [];
let server: Server;
let gate: Gate;
let onCall: (call: HttpCall) => Verdict | undefined | Promise<Verdict | undefined> = () => 'pass';

beforeAll(async () => {
  server = createServer(async (incoming, outgoing) => {
    let body = '';
    for await (const chunk of incoming) body += chunk;
    served.push(`${incoming.method} ${incoming.url} ${incoming.headers['x-api-key']} ${body}`);
    outgoing.writeHead(422, 'Not this', { 'Content-Type': 'text/plain' }).end(`echo ${body}`);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  gate = await startHttpGate(`http://127.0.0.1:${port}`, (call) => onCall(call));
});
afterAll(async () => {
  await gate.close();
  server.close();
});

function patch(): Promise<Response> {
  return fetch(`${gate.url}/zones/a?x=1`, { method: 'PATCH', headers: { 'X-API-Key': 'k' }, body: 'rrsets' });
}

it('a request and its answer pass unchanged', async () => {
  served.length = 0;
  const answer = await patch();
  expect([answer.status, answer.statusText, await answer.text()]).toEqual([422, 'Not this', 'echo rrsets']);
  expect(served).toEqual(['PATCH /zones/a?x=1 k rrsets']);
});

it('a request that is cut before never reaches the server', async () => {
  served.length = 0;
  onCall = ({ phase }) => (phase === 'before' ? 'cut' : 'pass');
  await expect(patch()).rejects.toThrow();
  expect(served).toEqual([]);
});

it('a request that is cut after was served, and the client does not know', async () => {
  served.length = 0;
  const seen: string[] = [];
  const first = gate.calls;
  onCall = ({ index, method, path, phase }) => {
    seen.push(`${index - first} ${phase} ${method} ${path}`);
    return phase === 'after' ? 'cut' : 'pass';
  };
  await expect(patch()).rejects.toThrow();
  expect(served).toHaveLength(1);
  expect(seen).toEqual(['1 before PATCH /zones/a?x=1', '1 after PATCH /zones/a?x=1']);
});
