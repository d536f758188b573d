import type { Knex } from 'knex';
import { redact } from '../base/redact.ts';
import type { Database } from './database.ts';
import { fromColumn } from './database-clock.ts';
import { wakeDuty } from './duties.ts';
import { repeating, transact } from './transaction.ts';

const table = 'mod_vmctl_dns_deletions';

/** The duty that tries them again. */
export const deletionDuty = 'dns_leftovers';

/** A record that should be gone: its provider did not delete it. */
export interface DnsDeletion {
  readonly provider: string;
  readonly zone: string;
  readonly name: string;
  readonly type: string;
  /** Of a PTR. */
  readonly address?: string | undefined;
  /** Only these records of the set are deleted, and only while they are still there. */
  readonly content: readonly string[];
}
export interface StoredDeletion extends DnsDeletion {
  readonly id: number;
  readonly row_id: number;
  readonly service_id: number | null;
  readonly attempts: number;
}

/**
 * Remembers deletions that failed, inside the checkpoint of the phase that tried them. Two servers may hold zones of one
 * name, and an earlier attempt may have left something: what is remembered of a set already stays so. Wakes their duty.
 */
export async function rememberDeletions(
  trx: Knex.Transaction,
  db: Database,
  row: { id: number; service_id: number | null },
  failed: readonly (DnsDeletion & { error: string })[],
): Promise<void> {
  for (const { provider, zone, name, type, address, content, error } of failed) {
    const key = { row_id: row.id, provider, zone, name, type };
    const stored: { content: string }[] = await trx(table).where(key).select('content');
    const known = stored.flatMap((entry): string[] => JSON.parse(entry.content));
    await trx(table).where(key).delete();
    await trx(table).insert({
      ...key,
      service_id: row.service_id,
      address: address ?? null,
      content: JSON.stringify([...new Set([...known, ...content])]),
      last_error: redact(error),
      next_attempt_at: db.clock.sql(),
      created_at: db.clock.sql(),
    });
  }
  if (failed.length > 0) await wakeDuty(trx, db, deletionDuty);
}

/** Milliseconds until the next deletion is due; undefined when none waits for its time. */
export async function nextDeletionMs(db: Database): Promise<number | undefined> {
  const now = db.clock.sql();
  const [row] = await repeating<{ next: string | null; now: string }[]>(db, () =>
    db
      .knex(table)
      .where('next_attempt_at', '>', now)
      .select(db.knex.raw('MIN(next_attempt_at) AS next'), db.knex.raw('? AS now', [now])),
  );
  return row?.next ? fromColumn(row.next) - fromColumn(row.now) : undefined;
}

/** Deletions whose time has come, without those whose name or address a living row has by now: that is its record. */
export async function dueDeletions(db: Database, limit: number): Promise<StoredDeletion[]> {
  const { knex } = db;
  const named = knex(`${db.vmTable} as vm`)
    .whereNot('vm.vm_status', 'remove')
    .whereRaw(`vm.domain = d.name${db.dialect === 'sqlite' ? ' COLLATE NOCASE' : ''}`)
    .select(knex.raw('1'));
  const held = knex('mod_vmctl_ip_allocations as ip')
    .where('ip.state', 'allocated')
    .whereRaw('ip.address = d.address')
    .select(knex.raw('1'));
  const rows = await repeating(db, () =>
    knex(`${table} as d`)
      .where('d.next_attempt_at', '<=', db.clock.sql())
      .whereNotExists(named)
      .whereNotExists(held)
      .orderBy('d.id')
      .limit(limit)
      .select('d.*'),
  );
  return rows.map((row) => ({ ...row, content: JSON.parse(row.content) }));
}

/** Forgets a deletion: the record is gone, or nobody may delete it. */
export async function forgetDeletion(db: Database, id: number): Promise<void> {
  await transact(db, (trx) => trx(table).where({ id }).delete());
}

/** Puts a deletion off after another failure. */
export async function postponeDeletion(db: Database, id: number, inMs: number, error: string): Promise<void> {
  await transact(db, (trx) =>
    trx(table)
      .where({ id })
      .update({ next_attempt_at: db.clock.sql(inMs), last_error: redact(error), attempts: trx.raw('attempts + 1') }),
  );
}
