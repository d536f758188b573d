import http from 'node:http';
import https from 'node:https';
import { onTestFinished } from 'vitest';
import { type Clock, scaledClock } from '../../../src/base/clock.ts';
import { type Cluster, createCluster } from '../../../src/proxmox/cluster.ts';
import type { Guard } from '../../../src/proxmox/guard.ts';
import { defaultTimeoutMs } from '../../../src/proxmox/transport.ts';
import type { ClusterSettings } from '../../../src/settings/types.ts';

export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly path: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
  /** Port on the client's side: the same for requests over one connection. */
  readonly port: number | undefined;
}

export interface Reply {
  readonly status?: number;
  readonly reason?: string;
  readonly headers?: Record<string, string>;
  /** JSON, unless it is text already. */
  readonly body?: unknown;
}

/** `reset`: the connection is cut after the request was read. `hang`: no answer ever comes. */
export type Handler = (seen: Seen) => Reply | 'reset' | 'hang' | Promise<Reply | 'reset' | 'hang'>;

export interface Api {
  readonly url: string;
  readonly seen: Seen[];
  readonly calls: () => string[];
}

/** An HTTP(S) server on the loopback interface that ends with the test. */
export async function startApi(handler: Handler, tls?: { key: string; cert: string }): Promise<Api> {
  const seen: Seen[] = [];
  const listener = async (request: http.IncomingMessage, response: http.ServerResponse): Promise<void> => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const url = request.url ?? '';
    const path = decodeURIComponent(url.split('?')[0] ?? '').replace('/api2/json', '');
    const { method = '', headers, socket } = request;
    const entry = { method, url, path, headers, body, port: socket.remotePort };
    seen.push(entry);
    const reply = await handler(entry);
    if (reply === 'hang') return;
    if (reply === 'reset') {
      socket.destroy();
      return;
    }
    const text = typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body ?? { data: null });
    response.writeHead(reply.status ?? 200, reply.reason ?? 'OK', {
      'content-type': 'application/json;charset=UTF-8',
      ...reply.headers,
    });
    response.end(text);
  };
  const server = tls ? https.createServer(tls, listener) : http.createServer(listener);
  const port = await listen(server);
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    seen,
    calls: () => seen.map(({ method, path }) => `${method} ${path}`),
  };
}

function listen(server: http.Server | https.Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}

/** A port of the loopback interface on which nobody listens. */
export async function deadEndpoint(): Promise<string> {
  const server = http.createServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}

/** `{ data }`, as Proxmox wraps what it gives. */
export function data(value: unknown): Reply {
  return { body: { data: value } };
}

/** A refusal as PVE 8.3 and later give it. */
export function refusal(reason: string, status = 500): Reply {
  return { status, reason, body: { data: null, message: `${reason}\n` } };
}

export const token = 'vmctl@pve!cron=3f2a1b9c-0000-4000-8000-00000000cafe';

export function settingsFor(endpoints: readonly string[], changes: Partial<ClusterSettings> = {}): ClusterSettings {
  return {
    name: 'main',
    endpoints,
    auth: { kind: 'token', token },
    tls: {},
    whmcsServerIds: [],
    vmids: { start: 1000, end: 9999 },
    templates: [],
    limits: { requestsPerNode: 4, clonesPerNode: 2, destroysPerNode: 4 },
    ...changes,
  };
}

export interface TestPorts {
  readonly clock?: Clock;
  readonly maxRetries?: number;
  readonly before?: Guard;
}

/**
 * A clock a hundred times as fast as real time, but for the deadline of a call: a busy machine may need longer for an
 * honest answer than a hundredth of that.
 */
export function testClock(): Clock {
  const fast = scaledClock(Date.now(), 100);
  const patient = scaledClock(Date.now(), 5);
  return { ...fast, sleep: (ms, signal) => (ms === defaultTimeoutMs ? patient : fast).sleep(ms, signal) };
}

/** A cluster on the test's clock. */
export function clusterFor(settings: ClusterSettings, ports: TestPorts = {}): Cluster {
  return createCluster(settings, {
    clock: ports.clock ?? testClock(),
    random: () => 0.5,
    retry: { maxRetries: ports.maxRetries ?? 0, baseDelaySeconds: 2 },
    before: ports.before,
  });
}

/** What a promise is rejected with. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('this promise was expected to be rejected');
}
