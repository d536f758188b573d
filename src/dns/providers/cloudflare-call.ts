import type { Clock } from '../../base/clock.ts';
import type { CloudflareZone } from '../../settings/types.ts';
import type { DnsResponse, Sender } from '../sender.ts';

/** So long may the work on one zone wait for Cloudflare to let it go on, milliseconds: others wait for their turn. */
const patience = 10_000;

export interface CloudflareCall {
  readonly method: 'GET' | 'POST';
  /** Below the zone, with its query. */
  readonly path: string;
  readonly body?: object;
}

/**
 * Sends requests for one zone. After a 429 that says how long to wait, the request is sent again if that is short: it was
 * not done. What is 429 all the same goes back as it is.
 */
export function createCloudflareCaller(
  zone: CloudflareZone,
  send: Sender,
  clock: Clock,
  signal: AbortSignal | undefined,
): (call: CloudflareCall) => Promise<DnsResponse> {
  let left = patience;
  return async function call({ method, path, body }) {
    const headers: Record<string, string> = { Authorization: `Bearer ${zone.token}`, Accept: 'application/json' };
    if (body !== undefined) headers['Content-Type'] = 'application/json';
    const url = `${zone.url.replace(/\/*$/, '')}/zones/${encodeURIComponent(zone.zoneId)}/${path}`;
    for (;;) {
      const text = body && JSON.stringify(body);
      const response = await send({ method, url, headers, body: text, trust: zone.tls }, signal);
      const pause = response.status === 429 ? pauseOf(response) : undefined;
      if (pause === undefined || pause > left) return response;
      left -= pause;
      await clock.sleep(pause, signal);
    }
  };
}

/** Milliseconds, at least a second; undefined where the answer says none. */
function pauseOf({ headers }: DnsResponse): number | undefined {
  const told = headers['retry-after'];
  return told !== undefined && /^\d{1,6}$/.test(told) ? Math.max(1, Number(told)) * 1_000 : undefined;
}
