import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { SimHandler, SimRequest } from './wire.ts';

export interface RunningServer {
  /** Without a slash at the end. */
  url: string;
  /** Cuts open connections. */
  close(): Promise<void>;
}

/** Serves a simulated system over HTTP, or HTTPS with `tls`. Port 0 takes a free one. Any status and reason phrase goes out as it is. */
export async function serve(
  handler: SimHandler,
  options: { port?: number; host?: string; tls?: { cert: string; key: string } } = {},
): Promise<RunningServer> {
  const { port = 0, host = '127.0.0.1', tls } = options;
  const listener = (incoming: IncomingMessage, outgoing: ServerResponse) => {
    void exchange(handler, incoming, outgoing);
  };
  const server = tls === undefined ? createHttpServer(listener) : createHttpsServer(tls, listener);
  // As pveproxy: idle connections are cut after 5 s, and each serves 100 requests.
  server.keepAliveTimeout = 5_000;
  server.maxRequestsPerSocket = 100;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return {
    url: `${tls === undefined ? 'http' : 'https'}://${host}:${address.port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function exchange(handler: SimHandler, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  try {
    const response = await handler(await readRequest(incoming));
    if (outgoing.destroyed) return;
    outgoing.writeHead(response.status, response.reason, response.headers);
    outgoing.end(response.body);
  } catch (error) {
    // Both a simulated loss and a bug look the same from outside; a bug must not be overlooked.
    if (!(error instanceof Error && error.name === 'ConnectionLost')) console.error('simulator:', error);
    incoming.socket.destroy();
  }
}

async function readRequest(incoming: IncomingMessage): Promise<SimRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(Buffer.from(chunk));
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(incoming.headers)) headers[name] = String(value);
  return {
    method: incoming.method ?? 'GET',
    url: incoming.url ?? '/',
    headers,
    body: Buffer.concat(chunks).toString('utf8'),
  };
}
