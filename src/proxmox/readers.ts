import { ProxmoxError } from './errors.ts';
import type { ApiCall } from './transport.ts';

/** One object of an answer. Perl is loose with types: numbers come as strings, booleans as 1, "1" or absent. */
export type Item = Readonly<Record<string, unknown>>;

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function text(item: Item, key: string): string | undefined {
  const value = item[key];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}

export function number(item: Item, key: string): number | undefined {
  const value = item[key];
  if (typeof value === 'number') return value;
  if (typeof value !== 'string' || value.trim() === '') return undefined;
  const parsed = Number(value);
  return Number.isNaN(parsed) ? undefined : parsed;
}

export function flag(item: Item, key: string): boolean {
  const value = item[key];
  return value === 1 || value === '1' || value === true;
}

/** `errors` of a refused call: parameter to text. */
export function errorTexts(errors: unknown): Record<string, string> {
  if (!isRecord(errors)) return {};
  return Object.fromEntries(Object.entries(errors).map(([name, error]) => [name, String(error)]));
}

/** The objects of a list. @throws ProxmoxError `other`, naming the call, where the answer is no list of objects. */
export function items(call: ApiCall, data: unknown): Item[] {
  if (Array.isArray(data) && data.every(isRecord)) return data;
  throw unexpected(call, 'a list of objects', data);
}

/** @throws ProxmoxError `other`, naming the call, where the answer is no object. */
export function item(call: ApiCall, data: unknown): Item {
  if (isRecord(data)) return data;
  throw unexpected(call, 'an object', data);
}

/** `value`, which must be there. @throws ProxmoxError `other`, naming the call and what is missing. */
export function required<T>(call: ApiCall, value: T | undefined, what: string): T {
  if (value !== undefined) return value;
  throw unexpected(call, what, undefined);
}

/** The error for an answer that is not what this call gives. A change was executed then, and only its answer is odd. */
export function unexpected(call: ApiCall, expected: string, found: unknown): ProxmoxError {
  const shown = (JSON.stringify(found) ?? 'nothing').slice(0, 200);
  return new ProxmoxError({
    kind: call.effect === 'changes' ? 'unknown' : 'permanent',
    reason: 'other',
    text: `unexpected answer: wanted ${expected}, found ${shown}`,
    call,
    node: call.node,
    cure: 'See that the entry point is a Proxmox VE 7.4 or later, and report the answer.',
  });
}
