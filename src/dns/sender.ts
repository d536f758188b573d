import type { TlsTrust } from '../settings/types.ts';

/** One HTTP request to a DNS server's API. */
export interface DnsRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  readonly trust: TlsTrust;
}

export interface DnsResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/**
 * Sends a request and gives the answer, whatever its status. The one way out of this folder to the network: a simulation
 * replaces it, and the module log wraps it.
 * @throws DnsError `unreachable` when no answer came.
 */
export type Sender = (request: DnsRequest, signal?: AbortSignal) => Promise<DnsResponse>;
