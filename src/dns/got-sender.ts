import type { Agent } from 'node:https';
import { certificateError, httpsAgent } from '../base/tls.ts';
import type { TlsTrust } from '../settings/types.ts';
import { DnsError } from './errors.ts';
import type { Sender } from './sender.ts';

/** Milliseconds. */
export interface SenderTimeouts {
  readonly connect: number;
  readonly response: number;
}

const defaultTimeouts: SenderTimeouts = { connect: 5_000, response: 10_000 };

/**
 * A sender over real connections. got is loaded by the first request, so that an idle tick never pays for it.
 * Redirects are not followed: the API key would go along.
 */
export function createGotSender(timeouts: SenderTimeouts = defaultTimeouts): Sender {
  const agents = new Map<string, Agent>();
  return async (request, signal) => {
    const { default: got } = await import('got');
    const agent = agentFor(agents, request.trust);
    const { connect, response } = timeouts;
    try {
      const answer = await got(request.url, {
        method: request.method,
        headers: request.headers,
        body: request.body,
        signal,
        agent: { https: agent },
        timeout: {
          lookup: connect,
          connect,
          secureConnect: connect,
          response,
          request: 2 * (connect + response),
        },
        retry: { limit: 0 },
        followRedirect: false,
        throwHttpErrors: false,
        responseType: 'text',
      });
      const headers = Object.entries(answer.headers).map(([name, value]) => [name, String(value)]);
      return { status: answer.statusCode, headers: Object.fromEntries(headers), text: answer.body };
    } catch (error) {
      signal?.throwIfAborted();
      throw noAnswer(request.url, error);
    }
  };
}

function agentFor(agents: Map<string, Agent>, trust: TlsTrust): Agent {
  const key = JSON.stringify([trust.ca, trust.fingerprint]);
  const agent = agents.get(key) ?? httpsAgent(trust);
  agents.set(key, agent);
  return agent;
}

/** A wrong certificate is not cured by waiting, everything else may be. */
function noAnswer(url: string, error: unknown): DnsError {
  const { origin } = new URL(url);
  const refused = certificateError(error, origin);
  if (refused !== undefined) {
    return new DnsError('permanent', refused.message, { cause: error, cure: refused.cure, unreachable: true });
  }
  const message = error instanceof Error ? error.message : String(error);
  return new DnsError('transient', `no answer from ${origin}: ${message}`, { cause: error, unreachable: true });
}
