import type { Knex } from 'knex';
import { redact } from '../base/redact.ts';
import type { Database } from './database.ts';
import { whileAlive } from './ticks.ts';
import { repeating, transact } from './transaction.ts';

const table = 'mod_vmctl_duties';

/** Enters the duties that this version knows, due at once. */
export async function enterDuties(db: Database, names: readonly string[]): Promise<void> {
  for (const name of names) {
    await transact(db, (trx) => trx(table).insert({ name, next_run_at: db.clock.sql() }).onConflict('name').ignore());
  }
}

/** Names of the duties whose time has come and that no tick runs. */
export async function dueDuties(db: Database): Promise<string[]> {
  const rows = await repeating(db, () =>
    db.knex(table).where('next_run_at', '<=', db.clock.sql()).whereNull('claim_token').select('name'),
  );
  return rows.map(({ name }: { name: string }) => name);
}

/** Claims a duty that is due; one tick gets it. */
export async function claimDuty(db: Database, name: string, token: string): Promise<boolean> {
  const claimed = await transact(db, (trx) =>
    whileAlive(db, trx(table).where({ name }), token)
      .andWhere((free) => free.whereNull('claim_token').orWhere({ claim_token: token }))
      .andWhere('next_run_at', '<=', db.clock.sql())
      .update({ claim_token: token }),
  );
  return claimed === 1;
}

/** Makes a duty due at once, inside the transaction that gives it something to do. */
export async function wakeDuty(trx: Knex.Transaction, db: Database, name: string): Promise<void> {
  await trx(table).where({ name }).update({ next_run_at: db.clock.sql() });
}

/** Ends a run of a duty; it is due again after `everyMs`. */
export async function endDuty(
  db: Database,
  name: string,
  token: string,
  everyMs: number,
  result: string,
): Promise<void> {
  await transact(db, (trx) =>
    trx(table)
      .where({ name, claim_token: token })
      .update({
        claim_token: null,
        last_run_at: db.clock.sql(),
        next_run_at: db.clock.sql(everyMs),
        last_result: redact(result),
      }),
  );
}
