import type { SimRequest } from '../wire.ts';
import { PveError, parameterError } from './errors.ts';
import type { RawParams } from './schema.ts';
import { isAtLeast } from './sim.ts';
import type { World } from './world.ts';

/** A refusal of the HTTP layer itself: its body is plain text, and empty before 8.3. */
export class HttpError extends PveError {
  override name = 'HttpError';
}

export interface ParsedUrl {
  /** Decoded, without slashes at the end and without double ones, e.g. `/nodes/pve1/qemu`; null: not the API. */
  path: string | null;
  segments: string[];
  query: string;
  format: string;
}

export function parseUrl(url: string): ParsedUrl {
  const [rawPath = '', query = ''] = url.split('?', 2);
  let decoded = rawPath;
  try {
    decoded = decodeURIComponent(rawPath);
  } catch {
    // A stray % is taken as it is.
  }
  const [root, format = '', ...segments] = decoded.split('/').filter((part) => part !== '');
  const path = root === 'api2' ? `/${segments.join('/')}` : null;
  return { path, segments, query, format };
}

/** Query and body together. Throws what the server says to bodies that it does not take. */
export function readParams(request: SimRequest, query: string): RawParams {
  const fromQuery = fromForm(query);
  delete fromQuery._dc;
  const fromBody = readBody(request);
  for (const [key, value] of Object.entries(fromQuery)) {
    const other = fromBody[key];
    if (other !== undefined && other !== value) {
      throw parameterError({ [key]: 'duplicate parameter (already defined in URI) with conflicting values!' });
    }
  }
  return { ...fromBody, ...fromQuery };
}

/** Refuses what the HTTP layer refuses before it looks at credentials. */
export function checkTransport(world: World, request: SimRequest): void {
  const { method, headers, body } = request;
  if (!['GET', 'POST', 'PUT', 'DELETE'].includes(method)) throw new HttpError(`method '${method}' not available`, 501);
  if (headers['transfer-encoding'] === 'chunked') throw new HttpError('chunked transfer encoding not supported', 501);
  if (body === '') return;
  if (method === 'GET' || method === 'DELETE') throw new HttpError(`Unexpected content for method '${method}'`, 501);
  const limit = (isAtLeast(world, 8, 3) ? 512 : 64) * 1024;
  if (Buffer.byteLength(body) > limit) throw new HttpError('for data too large', 501);
}

function readBody(request: SimRequest): RawParams {
  if (request.body === '') return {};
  const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim() ?? '';
  if (type === 'application/x-www-form-urlencoded') return fromForm(request.body);
  if (type !== 'application/json') throw new HttpError(`upload 'Content-Type '${type}' not implemented`, 506);
  return fromJson(request.body);
}

function fromForm(text: string): RawParams {
  const params: RawParams = {};
  for (const [key, value] of new URLSearchParams(text)) {
    const had = params[key];
    params[key] = had === undefined ? value : [had, value].flat();
  }
  return params;
}

function fromJson(body: string): RawParams {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    const text = 'malformed JSON string, neither tag, array, object, number, string or atom, at character offset 0';
    throw new HttpError(text, 500);
  }
  const entries = Object.entries(typeof parsed === 'object' && parsed !== null ? parsed : {});
  return Object.fromEntries(entries.map(([key, value]) => [key, jsonValue(value)]));
}

function jsonValue(value: unknown): string | string[] {
  if (Array.isArray(value)) return value.map(String);
  if (typeof value === 'boolean') return value ? '1' : '0';
  return String(value);
}
