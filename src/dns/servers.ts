import pLimit, { type LimitFunction } from 'p-limit';
import type { Clock } from '../base/clock.ts';
import type { ZoneSettings } from '../settings/types.ts';
import type { DnsError } from './errors.ts';

/** Milliseconds for which a server that did not answer is not asked again: other VMs do not wait for it one by one. */
const outageMemory = 30_000;

/** Runs `work` when it is the only one for `server`. */
export type Turns = <T>(server: string, work: () => Promise<T>) => Promise<T>;

/** What is known of the DNS servers while a tick runs. */
export interface DnsServers {
  readonly inTurn: Turns;
  /** Why the server was last seen unreachable, if that was less than 30 s ago. */
  outage(server: string): DnsError | undefined;
  noteOutage(server: string, error: DnsError): void;
}

/** What zones on one server share: its URL (one API serves many zones). */
export function serverOf(zone: ZoneSettings): string {
  return `${zone.provider} ${zone.url.replace(/\/*$/, '')}`;
}

/**
 * Turns within this process, in order of asking.
 * One at a time, since PowerDNS over SQLite answers 500 ("database is locked") to parallel changes of one zone.
 */
export function createTurns(): Turns {
  const limits = new Map<string, LimitFunction>();
  return (server, work) => {
    const limit = limits.get(server) ?? pLimit(1);
    limits.set(server, limit);
    return limit(work);
  };
}

/** Outages are remembered on the monotonic clock. */
export function createDnsServers(clock: Clock, inTurn: Turns): DnsServers {
  const outages = new Map<string, { until: number; error: DnsError }>();
  return {
    inTurn,
    outage(server) {
      const known = outages.get(server);
      return known !== undefined && clock.monotonic() < known.until ? known.error : undefined;
    },
    noteOutage(server, error) {
      outages.set(server, { until: clock.monotonic() + outageMemory, error });
    },
  };
}
