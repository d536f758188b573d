/** `name` in lower case without its trailing dot; `undefined` if it is no DNS name. RFC 2317 zones may hold a slash. */
export function zoneNameOf(name: string): string | undefined {
  const clean = name.toLowerCase().replace(/\.$/, '');
  if (clean.length > 253) return undefined;
  return clean.split('.').every((label) => /^[a-z0-9_]([a-z0-9_/-]{0,61}[a-z0-9_])?$/.test(label)) ? clean : undefined;
}

/** ERROR_STATE_TTL_MINUTES, errorStateTtlMinutes and error-state-ttl-minutes are one spelling mistake apart. */
function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
}

function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** The known name that `unknown` was most likely meant to be, if one is near enough. */
export function nearest(unknown: string, known: readonly string[]): string | undefined {
  const ranked = known
    .map((name) => ({ name, away: distance(plain(unknown), plain(name)) }))
    .sort((a, b) => a.away - b.away);
  const best = ranked[0];
  return best && best.away <= Math.max(1, Math.round(plain(unknown).length * 0.4)) ? best.name : undefined;
}
