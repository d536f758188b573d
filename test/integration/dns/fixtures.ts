import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { systemClock } from '../../../src/base/clock.ts';
import { createGotSender } from '../../../src/dns/got-sender.ts';
import { createDnsPorts, type DnsPorts } from '../../../src/dns/ports.ts';
import type { Sender } from '../../../src/dns/sender.ts';
import type { RecordResult } from '../../../src/dns/task.ts';
import type { PowerdnsZone } from '../../../src/settings/types.ts';
import type { TestPowerdns } from '../../support/powerdns.ts';

export function zoneOn(server: Pick<TestPowerdns, 'url' | 'apiKey'>, zone: string): PowerdnsZone {
  const { url, apiKey } = server;
  return { provider: 'powerdns', zone, url, apiKey, server: 'localhost', ttl: 300, tls: {} };
}

/** Ports over real connections that remember what was sent. */
export function watchedPorts(): { ports: DnsPorts; sent: string[]; inFlight: () => number } {
  const sent: string[] = [];
  const real = createGotSender();
  let now = 0;
  let most = 0;
  const send: Sender = async (request, signal) => {
    const { origin, pathname } = new URL(request.url);
    sent.push(`${request.method} ${origin} ${decodeURIComponent(pathname.split('/').at(-1) ?? '')}`);
    now += 1;
    most = Math.max(most, now);
    try {
      return await real(request, signal);
    } finally {
      now -= 1;
    }
  };
  return { ports: createDnsPorts({ clock: systemClock, send }), sent, inFlight: () => most };
}

export interface TestServer {
  readonly url: string;
  /** Connections so far. */
  connections(): number;
  stop(): Promise<void>;
}

/** Takes connections and never answers. */
export async function silentServer(): Promise<TestServer> {
  return listening(createServer());
}

/** Answers as `listener` does. */
export async function answeringServer(listener: RequestListener): Promise<TestServer> {
  return listening(createHttpServer(listener));
}

async function listening(server: Server): Promise<TestServer> {
  const sockets = new Set<Socket>();
  let count = 0;
  server.on('connection', (socket) => {
    count += 1;
    sockets.add(socket);
    socket.on('error', () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    connections: () => count,
    async stop() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** A result in the words of its line of output. */
export function line({ kind, change, ok, zone, fqdn, address, error }: RecordResult): string {
  const verb = change === 'delete' ? `${kind}-del` : kind;
  return `${verb} ${ok ? 'OK' : 'ERR'} ${zone} ← ${kind === 'fwd' ? fqdn : address}${ok ? '' : `: ${error}`}`;
}
