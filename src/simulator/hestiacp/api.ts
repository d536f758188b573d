import type { SimResponse } from '../wire.ts';
import { CommandFailure, codes } from './refusal.ts';

/** How a command ended. */
export interface Ending {
  readonly code: number;
  readonly printed: string;
}

/** A failed login or a switched-off API, before any command. */
export class ApiRefusal extends CommandFailure {
  override name = 'ApiRefusal';
}

export async function endingOf(run: () => Promise<string>): Promise<Ending> {
  try {
    return { code: 0, printed: await run() };
  } catch (error) {
    if (error instanceof CommandFailure && !(error instanceof ApiRefusal)) {
      return { code: error.code, printed: error.message };
    }
    throw error;
  }
}

const httpStatus: Readonly<Record<number, number>> = {
  0: 200,
  [codes.invalid]: 422,
  [codes.suspended]: 401,
  [codes.password]: 401,
  [codes.forbidden]: 401,
  [codes.apiDisabled]: 401,
};

function statusOf(code: number): number {
  return httpStatus[code] ?? 400;
}

/** With an access key: status and header tell the code. */
export function answerToKey({ code, printed }: Ending, wantsCode: boolean, sendsHeader: boolean): SimResponse {
  const header: Record<string, string> = sendsHeader ? { 'Hestia-Exit-Code': String(code) } : {};
  if (wantsCode) return respond(200, String(code), header);
  const text = printed.trim();
  if (code === 0 && text === '') return respond(204, '', header);
  // PHP takes an empty object for nothing.
  const isJson = code === 0 && text.startsWith('{') && !/^\{\s*\}$/.test(text) && isParsable(text);
  return respond(statusOf(code), text, header, isJson ? 'application/json; charset=utf-8' : undefined);
}

/** With a password: 200 whatever the command did. */
export function answerToPassword({ code, printed }: Ending, wantsCode: boolean): SimResponse {
  if (wantsCode) return respond(200, String(code));
  return respond(200, printed === '' ? 'OK' : `${printed}\n`);
}

export function answerToRefusal(refusal: ApiRefusal, wantsCode: boolean, sendsHeader: boolean): SimResponse {
  const header: Record<string, string> = sendsHeader ? { 'Hestia-Exit-Code': String(refusal.code) } : {};
  return respond(statusOf(refusal.code), wantsCode ? String(refusal.code) : refusal.message, header);
}

export function respond(
  status: number,
  body: string,
  headers: Record<string, string> = {},
  type = 'text/html; charset=UTF-8',
): SimResponse {
  const common: Record<string, string> =
    status === 204 ? {} : { 'Content-Type': type, 'Content-Length': String(Buffer.byteLength(body)) };
  return { status, reason: status < 300 ? 'OK' : 'Refused', headers: { ...common, ...headers }, body };
}

function isParsable(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
