import type { Clock } from '../base/clock.ts';
import { registerSecret } from '../base/redact.ts';
import type { ProxmoxAuth } from '../settings/types.ts';
import type { Login } from './auth.ts';
import { ProxmoxError } from './errors.ts';
import { flag, item, required, text } from './readers.ts';
import type { ApiAnswer, RawCall, RawTransport } from './transport.ts';

interface Ticket {
  readonly ticket: string;
  readonly csrf: string;
  /** On the monotonic clock, ms. */
  readonly since: number;
}

/** A ticket lives two hours; at half of that it is exchanged for a new one. */
const renewAfterMs = 3_600_000;

/**
 * Logs in with a password, which gives a ticket for a cookie and a token against CSRF for changes. Calls that start
 * together share one login. After an hour the ticket itself is sent as the password; a ticket that was refused is
 * replaced by a login with the password.
 */
export function createTicketLogin(
  inner: RawTransport,
  auth: Extract<ProxmoxAuth, { kind: 'ticket' }>,
  clock: Clock,
): Login {
  registerSecret(auth.password);
  let current: Ticket | undefined;
  let pending: Promise<Ticket> | undefined;

  async function logIn(password: string): Promise<Ticket> {
    const call: RawCall = {
      method: 'POST',
      path: '/access/ticket',
      params: { username: auth.username, password },
      effect: 'none',
      headers: {},
    };
    const since = clock.monotonic();
    const data = readTicket(call, await inner.call(call));
    registerSecret(data.ticket);
    registerSecret(data.csrf);
    return { ...data, since };
  }

  async function fresh(): Promise<Ticket> {
    if (current === undefined) return logIn(auth.password);
    try {
      return await logIn(current.ticket);
    } catch (error) {
      if (error instanceof ProxmoxError && error.reason === 'auth') return logIn(auth.password);
      throw error;
    }
  }

  async function ticket(): Promise<Ticket> {
    if (current !== undefined && clock.monotonic() - current.since < renewAfterMs) return current;
    pending ??= fresh().finally(() => {
      pending = undefined;
    });
    current = await pending;
    return current;
  }

  return {
    who: `the user ${auth.username}`,
    headers: async (call) => {
      const { ticket: cookie, csrf } = await ticket();
      const headers = { cookie: `PVEAuthCookie=${encodeURIComponent(cookie)}` };
      return call.method === 'GET' ? headers : { ...headers, csrfpreventiontoken: csrf };
    },
    refused: (headers) => {
      // Whoever comes late finds that it has been renewed already.
      if (current !== undefined && headers.cookie?.endsWith(encodeURIComponent(current.ticket))) current = undefined;
      return true;
    },
  };
}

function readTicket(call: RawCall, answer: ApiAnswer): { ticket: string; csrf: string } {
  const data = item(call, answer.data);
  if (flag(data, 'NeedTFA')) {
    throw new ProxmoxError({
      kind: 'permanent',
      reason: 'auth',
      text: 'this user needs a second factor, which a program cannot give',
      call,
      cure: 'Use an API token instead of username and password.',
    });
  }
  return {
    ticket: required(call, text(data, 'ticket'), 'a ticket'),
    csrf: required(call, text(data, 'CSRFPreventionToken'), 'a CSRFPreventionToken'),
  };
}
