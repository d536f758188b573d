import type { Clock } from '../base/clock.ts';
import type { Database } from '../records/database.ts';
import { fromColumn } from '../records/database-clock.ts';
import type { Check } from './context.ts';
import { failure, type Observation, ok, warning } from './finding.ts';
import { whenOpen } from './when-open.ts';

const noticedMs = 30_000;
/** Proxmox refuses tickets that are further off; expiry and TTLs hold back. */
const toleratedMs = 5 * 60_000;

function judge(subject: string, skewMs: number): Observation {
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  const found = `${seconds} s ${skewMs < 0 ? 'behind' : 'ahead of'} this host`;
  const cure = `set both by NTP: timedatectl on this host and on ${subject}`;
  if (Math.abs(skewMs) > toleratedMs) {
    return failure(subject, `${found}: tickets are refused, and expiry and TTLs hold back`, cure);
  }
  return Math.abs(skewMs) > noticedMs ? warning(subject, found, cure) : ok(subject, found);
}

/** The database's time minus this host's, ms. */
async function databaseSkew(db: Database, clock: Clock): Promise<number> {
  const before = clock.now();
  const { now } = await db.knex.first({ now: db.clock.sql() });
  return fromColumn(now) - (before + clock.now()) / 2;
}

export const clocks: Check = {
  name: 'clocks',
  looksAt:
    'the clocks of the database and of each entry point against this host: warning above 30 s, failure above 5 min',
  async run(context) {
    const { clock, clusters } = context;
    const database = await whenOpen(context, async (db) => [judge('the database', await databaseSkew(db, clock))]);
    const hosts = clusters.flatMap(({ settings, entries }) =>
      entries.map(async ({ endpoint, cluster, probe }) => {
        await probe();
        const skewMs = cluster.skewMs();
        return skewMs === undefined ? [] : [judge(`${settings.name} ${endpoint}`, skewMs)];
      }),
    );
    return [...database, ...(await Promise.all(hosts)).flat()];
  },
};
