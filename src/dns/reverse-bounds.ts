import { isReverseZone } from './reverse.ts';

/** The addresses that a reverse zone covers, as bytes: 4 or 16 of each, both included. */
export interface ReverseBounds {
  readonly first: readonly number[];
  readonly last: readonly number[];
}

/** What is in a reverse zone, also in a classless one (RFC 2317); undefined for any other zone. */
export function reverseBounds(zone: string): ReverseBounds | undefined {
  if (!isReverseZone(zone)) return undefined;
  const labels = zone.split('.').slice(0, -2).reverse();
  return zone.endsWith('ip6.arpa') ? nibbleBounds(labels) : octetBounds(labels);
}

function octetBounds(labels: readonly string[]): ReverseBounds {
  const [, from, separator, to] = /^(\d{1,3})([-/])(\d{1,3})$/.exec(labels.at(-1) ?? '') ?? [];
  const fixed = (from === undefined ? labels : labels.slice(0, -1)).map(Number);
  const low = from === undefined ? [] : [Number(from)];
  const high = separator === '/' ? [Number(from) + 2 ** (32 - Number(to)) - 1] : to === undefined ? [] : [Number(to)];
  return { first: filled([...fixed, ...low], 4, 0), last: filled([...fixed, ...high], 4, 255) };
}

function nibbleBounds(labels: readonly string[]): ReverseBounds {
  const nibbles = labels.map((label) => Number.parseInt(label, 16));
  const bytes = (rest: number) => {
    const all = filled(nibbles, 32, rest);
    return Array.from({ length: 16 }, (_, index) => (all[2 * index] ?? 0) * 16 + (all[2 * index + 1] ?? 0));
  };
  return { first: bytes(0), last: bytes(15) };
}

function filled(known: readonly number[], length: number, rest: number): number[] {
  return Array.from({ length }, (_, index) => known[index] ?? rest);
}
