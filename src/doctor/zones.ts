import { isReverseZone } from '../dns/reverse.ts';
import type { ZoneSettings } from '../settings/types.ts';
import type { Check, DoctorContext } from './context.ts';
import { failureOf, type Observation, ok } from './finding.ts';

/** Writing would leave a trace, if only in the serial: what reading tells about writing differs by provider. */
const aboutWriting: Readonly<Record<ZoneSettings['provider'], string>> = {
  powerdns: 'a key of its API may write as well',
  hestiacp: 'read only was checked; the key needs add, change and delete of DNS records too',
  cloudflare: 'read only was checked; the token needs DNS Write (Edit) on the zone',
};

async function examine({ dns, signal }: DoctorContext, zone: ZoneSettings): Promise<Observation> {
  const subject = `[${zone.provider}] ${zone.zone}`;
  try {
    const provider = await dns.open(zone, signal);
    // A name that hardly exists: what counts is that the question is answered.
    await provider.read([{ name: `vmctl-doctor.${zone.zone}`, type: isReverseZone(zone.zone) ? 'PTR' : 'A' }]);
    return ok(subject, `can be read; ${aboutWriting[zone.provider]}`);
  } catch (error) {
    return failureOf(subject, error);
  }
}

export const zones: Check = {
  name: 'zones',
  looksAt: 'each DNS zone can be read with its key; nothing is written, so of writing it tells what is known without',
  // In parallel: the answers, not the order, matter, and nothing is changed.
  run: (context) => Promise.all(context.settings.dns.zones.map((zone) => examine(context, zone))),
};
