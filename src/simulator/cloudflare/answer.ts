import { STATUS_CODES } from 'node:http';
import type { SimResponse } from '../wire.ts';
import { RateLimited, type Refusal } from './refusal.ts';

export function succeed(body: object): SimResponse {
  return respond(200, { ...body, success: true, errors: [], messages: [] });
}

export function refuse(refusal: Refusal): SimResponse {
  const answer = respond(refusal.status, { result: null, success: false, errors: [refusal.error], messages: [] });
  if (!(refusal instanceof RateLimited) || refusal.retryAfter === undefined) return answer;
  return { ...answer, headers: { ...answer.headers, 'Retry-After': String(refusal.retryAfter) } };
}

function respond(status: number, value: object): SimResponse {
  const body = JSON.stringify(value);
  const headers = { 'Content-Type': 'application/json', 'Content-Length': String(Buffer.byteLength(body)) };
  return { status, reason: STATUS_CODES[status] ?? 'Error', headers, body };
}
