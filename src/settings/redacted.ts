import { isMap } from './check.ts';
import { isSecretKey, withoutPassword } from './secrets.ts';
import { optionKeys, rowOf } from './table.ts';
import type { Settings } from './types.ts';

function clean(value: unknown, key: string): unknown {
  if (typeof value === 'string') {
    const option = optionKeys.find((known) => known === key);
    const secret = option && rowOf(option).secret;
    if (secret === 'password') return withoutPassword(value);
    // The id of an API token is no secret, and tells which token it is.
    if (key === 'token' && value.includes('=')) return value.replace(/=.*$/s, '=***');
    return secret === 'whole' || isSecretKey(key) ? '***' : value;
  }
  if (Array.isArray(value)) return value.map((element) => clean(element, key));
  if (!isMap(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([inner, part]) => [inner, clean(part, inner)]));
}

/** `settings` as plain data with `***` for every secret. */
export function redactedSettings(settings: Settings): Record<string, unknown> {
  return Object.fromEntries(Object.entries(settings).map(([key, value]) => [key, clean(value, key)]));
}
