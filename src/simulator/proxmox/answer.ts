import type { SimResponse } from '../wire.ts';
import { Unauthorized } from './authenticate.ts';
import type { PveError } from './errors.ts';
import { HttpError } from './request.ts';
import { isAtLeast, type Sim } from './sim.ts';

/** What a call returns: `data`, and `total` beside it for lists in pages. */
export interface Reply {
  data: unknown;
  total?: number;
}

export function answer(sim: Sim, reply: Reply): SimResponse {
  return respond(sim, 200, 'OK', JSON.stringify(reply));
}

/** The first line of the text is the reason phrase; the body holds it only since 8.3. */
export function refuse(sim: Sim, error: PveError): SimResponse {
  const reason = error.message.split('\n')[0] ?? '';
  if (error instanceof Unauthorized || (error.status >= 595 && error.status <= 599)) {
    return respond(sim, error.status, reason, '');
  }
  const verbose = isAtLeast(sim.world, 8, 3);
  if (error instanceof HttpError) {
    const silent = !verbose || reason.startsWith("method '");
    return respond(sim, error.status, reason, silent ? '' : error.message, 'text/plain');
  }
  const newline = error.status === 501 ? '' : '\n';
  const body = { data: null, message: verbose ? `${error.message}${newline}` : undefined, errors: error.errors };
  return respond(sim, error.status, reason, JSON.stringify(body));
}

function respond(
  sim: Sim,
  status: number,
  reason: string,
  body: string,
  type = 'application/json;charset=UTF-8',
): SimResponse {
  const date = new Date(sim.clock.now()).toUTCString();
  const headers: Record<string, string> = {
    'Cache-Control': 'max-age=0',
    Connection: status >= 400 ? 'close' : 'Keep-Alive',
    Date: date,
    Pragma: 'no-cache',
    Server: 'pve-api-daemon/3.0',
    Expires: date,
  };
  if (body !== '') {
    headers['Content-Type'] = type;
    headers['Content-Length'] = String(Buffer.byteLength(body));
  }
  return { status, reason, headers, body };
}
