import type { DeletionResult } from '../dns/deletion.ts';
import {
  deletionDuty,
  dueDeletions,
  forgetDeletion,
  nextDeletionMs,
  postponeDeletion,
  type StoredDeletion,
} from '../records/dns-deletions.ts';
import { recordLine } from '../report/record-lines.ts';
import { rowLabel } from '../report/tick-report.ts';
import type { Duty, DutyContext } from './duty.ts';

const batch = 500;
const firstDelayMs = 60_000;
const longestDelayMs = 15 * 60_000;
/** Records that a living row has by now are looked at so often. */
const longestRestMs = 60 * 60_000;

/**
 * Deletes DNS records that outlived their VM because their provider did not answer, did not know the key or lacked the
 * zone. Each is tried until it is gone; one that the provider refuses for good is told once and forgotten.
 */
export const dnsLeftovers: Duty = {
  name: deletionDuty,
  everyMs: () => firstDelayMs,
  async run(context) {
    const due = await dueDeletions(context.db, batch);
    if (due.length === 0) return { did: 'nothing due', againInMs: await restMs(context) };
    const { retryDeletion } = await import('../dns/deletion.ts');
    const results = await retryDeletion(due, context.settings.dns.zones, await context.dns(), context.signal);
    let gone = 0;
    for (const result of results) {
      if (result.ok) gone += 1;
      await settle(context, result);
    }
    return { did: `${gone} of ${due.length} deleted`, againInMs: await restMs(context) };
  },
};

/** Until something may be due again: whoever leaves a record behind wakes this duty, so that otherwise it can sleep. */
async function restMs({ db }: DutyContext): Promise<number> {
  const next = await nextDeletionMs(db);
  return next === undefined ? longestRestMs : Math.min(longestRestMs, Math.max(firstDelayMs, next));
}

async function settle({ db, note }: DutyContext, result: DeletionResult<StoredDeletion>): Promise<void> {
  const { entry, final, error = '' } = result;
  if (final) {
    note(`  ${rowLabel({ id: entry.row_id, service_id: entry.service_id })}    · ${line(result)}`);
    return forgetDeletion(db, entry.id);
  }
  const delay = Math.min(longestDelayMs, firstDelayMs * 2 ** entry.attempts);
  return postponeDeletion(db, entry.id, delay, error);
}

function line({ entry, ok, error }: DeletionResult<StoredDeletion>): string {
  const kind = entry.type === 'PTR' ? 'rev' : 'fwd';
  return recordLine({
    kind,
    change: 'delete',
    provider: entry.provider,
    zone: entry.zone,
    fqdn: entry.name,
    address: entry.name,
    addresses: [],
    ok,
    error,
  });
}
