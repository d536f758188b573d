import type { Clock } from '../base/clock.ts';
import type { ZoneSettings } from '../settings/types.ts';
import type { ZoneProvider } from './provider.ts';
import type { Sender } from './sender.ts';

/** What a provider works with. */
export interface ProviderPorts {
  readonly send: Sender;
  readonly clock: Clock;
}

/** Opens a configured zone; sends nothing yet. One case a provider, which is loaded when a zone of it is first opened. */
export async function openZone(
  zone: ZoneSettings,
  { send, clock }: ProviderPorts,
  signal?: AbortSignal,
): Promise<ZoneProvider> {
  switch (zone.provider) {
    case 'powerdns':
      return (await import('./providers/powerdns.ts')).openPowerdns(zone, send, signal);
    case 'hestiacp':
      return (await import('./providers/hestiacp.ts')).openHestiacp(zone, send, signal);
    case 'cloudflare':
      return (await import('./providers/cloudflare.ts')).openCloudflare(zone, send, clock, signal);
  }
}
