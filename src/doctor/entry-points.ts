import { peerCertificate } from '../base/peer-certificate.ts';
import { httpsAgent } from '../base/tls.ts';
import type { TlsTrust } from '../settings/types.ts';
import { answers, type EntryPoint, type ProbedCluster } from './clusters.ts';
import type { Check, DoctorContext } from './context.ts';
import { compareVersions } from './database.ts';
import { failure, failureOf, type Observation, ok, warning } from './finding.ts';

const day = 86_400_000;
const soonDays = 30;
const oldest = '7.4';
/** The newest release that vmctl knows. */
const newest = '9';

/** A pin is compared, whatever the dates say, so it breaks with the renewal and not with the end. */
function expiry(subject: string, validTo: number, now: number, { fingerprint }: TlsTrust): Observation {
  const date = new Date(validTo).toISOString().slice(0, 10);
  const days = Math.floor((validTo - now) / day);
  const pinned = fingerprint !== undefined;
  const found = `its certificate is valid until ${date} (${days} days)${pinned ? '; pinned, so its renewal breaks tls.fingerprint' : ''}`;
  if (days >= soonDays) return ok(subject, found);
  const renew = 'renew it on the node: pvenode cert (its own: pvecm updatecerts --force && systemctl restart pveproxy)';
  const cure = pinned ? `${renew}, and set tls.fingerprint to the new one; tls.ca survives renewals` : renew;
  return days < 0 && !pinned ? failure(subject, found, cure) : warning(subject, found, cure);
}

function supported(subject: string, version: string): Observation {
  const found = `Proxmox VE ${version}`;
  if (compareVersions(version, oldest) < 0)
    return failure(subject, `${found} is too old`, `update the node to ${oldest} or newer`);
  const major = version.split('.')[0] ?? '';
  if (compareVersions(major, newest) <= 0) return ok(subject, `lets us in; ${found}`);
  return warning(subject, `vmctl is untested with ${found}`, 'look for a newer vmctl');
}

async function examine(
  { clock }: DoctorContext,
  { settings, open }: ProbedCluster,
  entry: EntryPoint,
): Promise<Observation[]> {
  const subject = `${settings.name} ${entry.endpoint}`;
  const probe = await entry.probe();
  if (!probe.ok) {
    const refused = failureOf(subject, probe.error);
    // Failover goes on with the others.
    return [!answers(probe) && (await open()) !== undefined ? { ...refused, state: 'warning' } : refused];
  }
  const found = [supported(subject, probe.version)];
  if (!entry.endpoint.startsWith('https:')) return found;
  try {
    const { validTo } = await peerCertificate(entry.endpoint, httpsAgent(settings.tls), 10_000);
    return [...found, expiry(subject, validTo, clock.now(), settings.tls)];
  } catch (error) {
    return [...found, failureOf(subject, error)];
  }
}

export const entryPoints: Check = {
  name: 'entry points',
  looksAt:
    'each entry point of each cluster by itself: it answers, its certificate is trusted and not about to end (30 days), it accepts token or password, its version',
  async run(context) {
    const found = context.clusters.map(({ settings, entries, ...cluster }) =>
      Promise.all(entries.map((entry) => examine(context, { settings, entries, ...cluster }, entry))),
    );
    const observations = (await Promise.all(found)).flat(2);
    if (context.clusters.length > 0) return observations;
    return [warning('clusters', 'none is configured', 'name one under `clusters` in the YAML file')];
  },
};
