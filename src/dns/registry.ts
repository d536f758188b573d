import type { ZoneSettings } from '../settings/types.ts';
import { DnsError } from './errors.ts';
import type { ZoneProvider } from './provider.ts';
import type { Sender } from './sender.ts';

/**
 * Opens a configured zone; sends nothing yet. One case a provider, which is loaded when a zone of it is first opened.
 * @throws DnsError `permanent` for a provider that this version does not have.
 */
export async function openZone(zone: ZoneSettings, send: Sender, signal?: AbortSignal): Promise<ZoneProvider> {
  switch (zone.provider) {
    case 'powerdns':
      return (await import('./providers/powerdns.ts')).openPowerdns(zone, send, signal);
    default:
      throw new DnsError('permanent', `no provider ${zone.provider} in this version`, {
        cure: `delete the record in ${zone.zone} by hand, or use a version that has the provider`,
      });
  }
}
