import type { Clock } from '../base/clock.ts';
import { UsageError } from '../base/errors.ts';
import { registerSecret } from '../base/redact.ts';
import type { ProxmoxAuth } from '../settings/types.ts';
import { ProxmoxError } from './errors.ts';
import { createTicketLogin } from './ticket.ts';
import type { ApiAnswer, ApiCall, RawTransport, Transport } from './transport.ts';

/** Where the headers that log a call in come from. */
export interface Login {
  headers(call: ApiCall): Promise<Record<string, string>>;
  /** The headers were refused. True: others are to be had, so the call may be sent once more. */
  refused(headers: Record<string, string>): boolean;
  /** Who logs in, without the secret: for messages. */
  readonly who: string;
}

/**
 * Logs every call in. A refused secret is never sent again: each try costs the server 3 s and may lock an account, so
 * that calls after it fail at once with the same error, `auth`, whose cure names the token or user.
 */
export function authenticated(inner: RawTransport, auth: ProxmoxAuth, cluster: string, clock: Clock): Transport {
  const login = auth.kind === 'token' ? tokenLogin(auth.token, cluster) : createTicketLogin(inner, auth, clock);
  let refusal: ProxmoxError | undefined;

  async function once(call: ApiCall): Promise<ApiAnswer | 'renewed'> {
    const headers = await login.headers(call);
    try {
      return await inner.call({ ...call, headers });
    } catch (error) {
      if (isRefusal(error) && login.refused(headers)) return 'renewed';
      throw error;
    }
  }

  return {
    call: async (call) => {
      if (refusal !== undefined) throw refusal;
      try {
        const first = await once(call);
        if (first !== 'renewed') return first;
        // 401 comes before anything is executed, so this is safe for a change too.
        return await inner.call({ ...call, headers: await login.headers(call) });
      } catch (error) {
        if (!isRefusal(error)) throw error;
        refusal = named(error, login.who, cluster);
        throw refusal;
      }
    },
  };
}

function isRefusal(error: unknown): error is ProxmoxError {
  return error instanceof ProxmoxError && error.reason === 'auth';
}

function named(error: ProxmoxError, who: string, cluster: string): ProxmoxError {
  return new ProxmoxError({
    kind: error.kind,
    reason: error.reason,
    text: `${error.text} (${who})`,
    call: error.call,
    node: error.node,
    status: error.status,
    // Without a status it was not the server that refused, and the cure is a particular one.
    cure:
      error.status === undefined
        ? error.cure
        : `Check ${who} in the settings of the cluster ${cluster}: its secret, its expiry date, and that the user is enabled.`,
    cause: error,
  });
}

function tokenLogin(token: string, cluster: string): Login {
  const match = /^([^\s@!=]+@[^\s@!=]+![^\s!=]+)=(\S+)$/.exec(token);
  const [, id, secret] = match ?? [];
  if (id === undefined || secret === undefined) {
    throw new UsageError(`The token of the cluster ${cluster} is not of the form user@realm!id=secret.`, {
      cure: 'Copy the token id and the secret as Proxmox showed them when the token was made.',
    });
  }
  registerSecret(secret);
  const headers = { authorization: `PVEAPIToken=${token}` };
  return { headers: async () => headers, refused: () => false, who: `the token ${id}` };
}
