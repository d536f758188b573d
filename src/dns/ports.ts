import type { Clock } from '../base/clock.ts';
import type { ZoneSettings } from '../settings/types.ts';
import { createGotSender } from './got-sender.ts';
import type { ZoneProvider } from './provider.ts';
import { openZone } from './registry.ts';
import type { Sender } from './sender.ts';
import { createDnsServers, createTurns, type DnsServers, type Turns } from './servers.ts';

/** What the work on records needs from outside. One for a whole tick, so that all its VMs share the servers' turns. */
export interface DnsPorts {
  readonly open: (zone: ZoneSettings, signal?: AbortSignal) => Promise<ZoneProvider>;
  readonly servers: DnsServers;
}

/** `send` is wrapped or replaced by the module log or a simulation, `turns` by slots that several hosts share. */
export function createDnsPorts(options: { clock: Clock; send?: Sender; turns?: Turns }): DnsPorts {
  const { clock, send = createGotSender(), turns = createTurns() } = options;
  return {
    open: (zone, signal) => openZone(zone, { send, clock }, signal),
    servers: createDnsServers(clock, turns),
  };
}
