import type { Clock } from '../base/clock.ts';
import { ConnectionLost, type SimHandler, type SimResponse } from './wire.ts';

/** What goes wrong around a simulated HTTP API: no connection, an answer only after `ms`, a page of whatever is in front of it. */
export type HttpFault =
  | { readonly do: 'down' }
  | { readonly do: 'slow'; readonly ms: number }
  | { readonly do: 'html'; readonly status: number };

/** Only `slow` lets the request through; nothing is done by the others. */
export function withHttpFault(handler: SimHandler, fault: () => HttpFault | undefined, clock: Clock): SimHandler {
  return async (request) => {
    const current = fault();
    if (current?.do === 'down') throw new ConnectionLost('ECONNREFUSED');
    if (current?.do === 'html') return htmlPage(current.status);
    if (current?.do === 'slow') await clock.sleep(current.ms);
    return handler(request);
  };
}

export function htmlPage(status: number): SimResponse {
  const body = `<html><head><title>${status}</title></head><body><h1>${status}</h1><hr>nginx</body></html>`;
  const headers = { 'Content-Type': 'text/html', 'Content-Length': String(Buffer.byteLength(body)) };
  return { status, reason: 'nginx', headers, body };
}
