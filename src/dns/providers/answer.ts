import type { DnsErrorKind, FailureKind, RrsetKey, RrsetResult } from '../provider.ts';

/** What the text holds as JSON; undefined if it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What an HTTP status that is no success says, where nothing else in the answer does. */
export function kindOfStatus(status: number): DnsErrorKind {
  return status >= 500 || status === 408 || status === 429 ? 'transient' : 'permanent';
}

export function done({ name, type }: RrsetKey): RrsetResult {
  return { name, type, ok: true };
}

export function failed(
  { name, type }: RrsetKey,
  { kind, message }: { readonly kind: FailureKind; readonly message: string },
): RrsetResult {
  return { name, type, ok: false, kind, message };
}
