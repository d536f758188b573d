import http from 'node:http';
import https from 'node:https';
import { certificateError, httpsAgent } from '../base/tls.ts';
import type { TlsTrust } from '../settings/types.ts';
import { type Sender, SendFailure } from './sender.ts';

/** pveproxy serves many nodes from few workers; more connections than this only queue there. */
const maxSockets = 10;
/** pveproxy cuts idle connections after 5 s; one reused at that moment would lose its request. */
const freeSocketMs = 4_000;

/**
 * A Sender over real connections, verified as `trust` says. Redirects are not followed and nothing is repeated: got would
 * repeat PUT and DELETE on status 500 by itself. Reads share kept connections; every change gets its own, so that a
 * connection that its server had just closed cannot turn into an unknown outcome.
 */
export async function createGotSender(trust: TlsTrust): Promise<Sender> {
  const { default: got } = await import('got');
  const kept = { keepAlive: true, timeout: freeSocketMs, maxSockets };
  const reads = { http: new http.Agent(kept), https: httpsAgent(trust, kept) };
  const changes = { http: new http.Agent({ maxSockets }), https: httpsAgent(trust, { maxSockets }) };
  return async ({ method, url, headers, body, signal }) => {
    let sent = false;
    const secure = url.startsWith('https:');
    const request = (
      target: URL,
      options: https.RequestOptions,
      answered?: (response: http.IncomingMessage) => void,
    ) => {
      const native = (secure ? https : http).request(target, options, answered);
      native.once('socket', (socket) => {
        // A kept or pinned connection is ready when it is handed over; others still have to be made.
        if (socket.connecting) socket.once(secure ? 'secureConnect' : 'connect', () => (sent = true));
        else sent = true;
      });
      return native;
    };
    try {
      const response = await got(url, {
        method,
        headers: { ...headers },
        body,
        signal,
        request,
        agent: method === 'GET' ? reads : changes,
        timeout: { lookup: 5_000, connect: 5_000, secureConnect: 5_000 },
        retry: { limit: 0 },
        followRedirect: false,
        throwHttpErrors: false,
        responseType: 'text',
      });
      return {
        status: response.statusCode,
        reason: response.statusMessage ?? '',
        headers: plainHeaders(response.headers),
        body: response.body,
      };
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      // Not as the cause: got's errors hold the request, and with it the secret.
      throw certificateError(error, new URL(url).origin) ?? new SendFailure(message, sent);
    }
  };
}

function plainHeaders(headers: http.IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}
