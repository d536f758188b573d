import { CertificateError } from '../base/tls.ts';
import { classifyAnswer, kindFor } from './classify.ts';
import { ProxmoxError } from './errors.ts';
import { errorTexts, isRecord } from './readers.ts';
import { type Sender, SendFailure, type SendResponse } from './sender.ts';
import type { ApiAnswer, ParamValue, RawCall, RawTransport } from './transport.ts';

/** The reason of an abort that stands for a time-out of the call. */
export class CallTimeout extends Error {
  override name = 'CallTimeout';
}

/**
 * The API of one entry point. Errors: `cluster-unreachable` where the call was certainly not sent, `ambiguous` where it
 * may have been, `certificate`, and whatever Proxmox answers. An abort by the caller before anything was sent rejects
 * with its reason.
 * @param endpoint such as `https://pve1.example.com:8006`
 */
export function httpTransport(endpoint: string, sender: () => Promise<Sender>): RawTransport {
  const base = `${endpoint.replace(/\/+$/, '')}/api2/json`;
  return {
    call: async (call) => {
      const encoded = encodeParams(call.params ?? {});
      const inQuery = call.method === 'GET' || call.method === 'DELETE';
      const query = inQuery && encoded !== '' ? `?${encoded}` : '';
      const form = { 'content-type': 'application/x-www-form-urlencoded' };
      const signal = call.signal ?? new AbortController().signal;
      const send = await sender();
      let response: SendResponse;
      try {
        if (signal.aborted) throw new SendFailure('aborted', false);
        response = await send({
          method: call.method,
          url: `${base}${call.path}${query}`,
          headers: { accept: 'application/json', ...(inQuery ? {} : form), ...call.headers },
          body: inQuery ? undefined : encoded,
          signal,
        });
      } catch (error) {
        throw noAnswer(endpoint, call, error, signal);
      }
      return readAnswer(endpoint, call, response);
    },
  };
}

function encodeParams(params: Readonly<Record<string, ParamValue>>): string {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    if (value !== undefined) form.append(name, typeof value === 'boolean' ? (value ? '1' : '0') : String(value));
  }
  return form.toString();
}

function noAnswer(endpoint: string, call: RawCall, error: unknown, signal: AbortSignal): unknown {
  const common = { call, node: call.node };
  if (error instanceof CertificateError) {
    return new ProxmoxError({
      ...common,
      kind: 'permanent',
      reason: 'certificate',
      text: error.message,
      cure: error.cure,
    });
  }
  // What a sender other than the real one throws says nothing about how far the request came.
  const sent = error instanceof SendFailure ? error.sent : true;
  const timedOut = signal.aborted && signal.reason instanceof CallTimeout;
  if (signal.aborted && !timedOut && (!sent || call.effect === 'none')) return signal.reason;
  const why = timedOut ? signal.reason.message : error instanceof Error ? error.message : String(error);
  if (!sent) {
    const text = `${endpoint} cannot be reached: ${why}`;
    return new ProxmoxError({ ...common, kind: 'transient', reason: 'cluster-unreachable', text });
  }
  const text = `no answer from ${endpoint}: ${why}`;
  return new ProxmoxError({ ...common, kind: kindFor(call, 'unknown'), reason: 'ambiguous', text });
}

function readAnswer(endpoint: string, call: RawCall, response: SendResponse): ApiAnswer {
  const { status, reason, headers } = response;
  const body = parseBody(response);
  if (status < 200 || status > 299) {
    const plain = body === undefined ? response.body.slice(0, 500) : undefined;
    const message = typeof body?.message === 'string' ? body.message : plain;
    throw classifyAnswer(call, { status, reason, message, errors: errorTexts(body?.errors) });
  }
  if (body === undefined || !('data' in body)) {
    const text = `${endpoint} answered ${status}, but not as the Proxmox VE API does: check the URL of the entry point`;
    // Something behind that URL accepted the call, so a change may have been executed.
    throw new ProxmoxError({ kind: call.effect === 'changes' ? 'unknown' : 'permanent', reason: 'other', text, call });
  }
  const date = Date.parse(headers.date ?? '');
  return {
    data: body.data,
    total: typeof body.total === 'number' ? body.total : undefined,
    date: Number.isNaN(date) ? undefined : date,
  };
}

/** 401 and 595 to 599 have an empty body, errors of the HTTP layer plain text: only JSON is parsed. */
function parseBody({ headers, body }: SendResponse): Record<string, unknown> | undefined {
  if (!(headers['content-type'] ?? '').includes('json')) return undefined;
  try {
    const parsed: unknown = JSON.parse(body);
    return isRecord(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}
