import { localTime } from '../base/local-time.ts';
import { newestActivityDates } from '../records/inspect/tables.ts';
import type { Check } from './context.ts';
import { ok, warning } from './finding.ts';
import { whenOpen } from './when-open.ts';

/** Zones differ by at least 15 minutes, clocks by less. */
const toleranceMs = 10 * 60_000;

/**
 * WHMCS writes its local time and says nowhere which that is. An entry of its own that lies ahead of our local time is
 * proof that the zones differ; none is no proof that they agree.
 */
export const timeZone: Check = {
  name: 'time zone',
  looksAt: 'TZ against the times that WHMCS writes, as far as its Activity Log shows them',
  run: (context) =>
    whenOpen(context, async (db) => {
      const zone = context.settings.timeZone;
      const latest = localTime(context.clock.now() + toleranceMs, zone);
      const ahead = (await newestActivityDates(db)).find((date) => date > latest);
      if (ahead === undefined) return [ok('TZ', zone)];
      const now = localTime(context.clock.now(), zone);
      const found = `WHMCS wrote an entry at ${ahead}, which is ahead of ${now} in ${zone}`;
      return [warning('TZ', found, "set TZ to WHMCS's zone: that of its PHP (date.timezone)")];
    }),
};
