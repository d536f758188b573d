import type { SimRequest } from '../wire.ts';
import { PveError } from './errors.ts';
import { type Auth, authOf } from './privileges.ts';
import { isAtLeast, type Sim } from './sim.ts';
import { isCsrfToken, readTicket } from './tickets.ts';

/** A 401. The caller waits before it answers, with an empty body. */
export class Unauthorized extends PveError {
  override name = 'Unauthorized';
  constructor(reason: string) {
    super(reason, 401);
  }
}

/** A refused login: the one 401 with a JSON body. */
export class LoginFailed extends PveError {
  override name = 'LoginFailed';
  constructor() {
    super('authentication failure', 401);
  }
}

/** Who asks. A ticket cookie goes before a token. Throws `Unauthorized`. */
export function authenticate(sim: Sim, request: SimRequest): Auth {
  const header = request.headers.authorization ?? '';
  const cookie = /(?:^|;\s*)PVEAuthCookie=([^;]*)/.exec(request.headers.cookie ?? '')?.[1];
  const ticket = cookie ?? /^PVEAuthCookie=(.*)$/.exec(header)?.[1];
  if (ticket !== undefined && ticket !== '') return byTicket(sim, request, decode(ticket));
  const token = /^PVEAPIToken[= ](.*)$/.exec(header)?.[1];
  if (token === undefined) throw new Unauthorized('No ticket');
  return byToken(sim, decode(token));
}

function byTicket(sim: Sim, request: SimRequest, ticket: string): Auth {
  const now = sim.clock.now();
  const userid = readTicket(ticket, now);
  if (userid === undefined || sim.world.users[userid]?.enabled !== true) {
    throw failed(sim, 'permission denied - invalid PVE ticket');
  }
  const csrf = request.headers.csrfpreventiontoken ?? '';
  if (request.method !== 'GET' && !isCsrfToken(csrf, userid, now)) {
    throw new Unauthorized('Permission denied - invalid csrf token');
  }
  return authOf(userid);
}

function byToken(sim: Sim, value: string): Auth {
  const [, id, secret] = /^([^=]+)=(.*)$/.exec(value) ?? [];
  if (id === undefined || !id.includes('!')) throw failed(sim, 'no such token');
  const auth = authOf(id);
  const token = sim.world.tokens[id];
  if (sim.world.users[auth.userid]?.enabled !== true) throw failed(sim, `no such user ('${auth.userid}')`);
  const name = id.slice(auth.userid.length + 1);
  if (token === undefined) throw failed(sim, `no such token '${name}' for user '${auth.userid}'`);
  if (token.expire > 0 && token.expire <= sim.clock.now() / 1000) throw failed(sim, `token '${name}' access expired`);
  if (token.secret !== secret) throw failed(sim, 'invalid token value!');
  return auth;
}

/** Newer releases say the same whatever was wrong. */
function failed(sim: Sim, detail: string): Unauthorized {
  return new Unauthorized(isAtLeast(sim.world, 8) ? 'Authentication failed!' : detail);
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
