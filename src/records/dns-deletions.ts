import type { Knex } from 'knex';
import { redact } from '../base/redact.ts';
import type { Database } from './database.ts';
import { repeating, transact } from './transaction.ts';

const table = 'mod_vmctl_dns_deletions';

/** A record that should be gone: its provider did not delete it. */
export interface DnsDeletion {
  readonly provider: string;
  readonly zone: string;
  readonly name: string;
  readonly type: string;
  /** Only these records of the set are deleted, and only while they are still there. */
  readonly content: readonly string[];
}
export interface StoredDeletion extends DnsDeletion {
  readonly id: number;
  readonly row_id: number;
  readonly service_id: number | null;
  readonly attempts: number;
}

/** Remembers deletions that failed, inside the checkpoint of the phase that tried them. */
export async function rememberDeletions(trx: Knex.Transaction, db: Database, row: { id: number; service_id: number | null }, failed: readonly (DnsDeletion & { error: string })[]): Promise<void> {
  for (const { provider, zone, name, type, content, error } of failed) {
    const key = { row_id: row.id, provider, zone, name, type };
    await trx(table).where(key).delete();
    await trx(table).insert({
      ...key,
      service_id: row.service_id,
      content: JSON.stringify(content),
      last_error: redact(error),
      next_attempt_at: db.clock.sql(),
      created_at: db.clock.sql(),
    });
  }
}

/** Deletions whose time has come. */
export async function dueDeletions(db: Database, limit: number): Promise<StoredDeletion[]> {
  const rows = await repeating(db, () => db.knex(table).where('next_attempt_at', '<=', db.clock.sql()).orderBy('id').limit(limit));
  return rows.map((row) => ({ ...row, content: JSON.parse(row.content) }));
}

/** Forgets a deletion: the record is gone, or nobody may delete it. */
export async function forgetDeletion(db: Database, id: number): Promise<void> {
  await transact(db, (trx) => trx(table).where({ id }).delete());
}

/** Puts a deletion off after another failure. */
export async function postponeDeletion(db: Database, id: number, inMs: number, error: string): Promise<void> {
  await transact(db, (trx) =>
    trx(table).where({ id }).update({ next_attempt_at: db.clock.sql(inMs), last_error: redact(error), attempts: trx.raw('attempts + 1') }),
  );
}
