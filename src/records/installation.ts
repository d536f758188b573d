import { randomUUID } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { RefusedError, UsageError } from '../base/errors.ts';
import type { Database } from './database.ts';
import { repeating } from './transaction.ts';

const table = 'mod_vmctl_installation';

/** Which database this is. A Galera cluster is one database, whichever node answers. */
export interface Place {
  host: string;
  port: number;
  schema_name: string;
  wsrep: string | null;
}

async function placeOf(db: Database): Promise<Place> {
  if (db.dialect === 'sqlite') {
    const [file] = await db.knex.raw('PRAGMA database_list');
    const path: string = file.file;
    return { host: '', port: 0, schema_name: path === '' ? ':memory:' : realpathSync(path), wsrep: null };
  }
  const [[server]] = await db.knex.raw('SELECT @@hostname AS host, @@port AS port, DATABASE() AS schema_name');
  const [[cluster]] = await db.knex.raw("SHOW STATUS LIKE 'wsrep_cluster_state_uuid'");
  return { ...server, wsrep: cluster?.Value || null };
}

/** What is stored, and where it was read: in one statement outside a Galera cluster, because every tick asks. */
async function readInstallation(db: Database): Promise<{ stored?: Place & { id: string }; found: Place }> {
  const query = db.knex(table).where({ fixed: 1 });
  if (db.dialect === 'sqlite') return { stored: await query.first(), found: await placeOf(db) };
  const here = '@@hostname AS found_host, @@port AS found_port, DATABASE() AS found_schema';
  const [row] = await query.select('*', db.knex.raw(here));
  if (!row || row.wsrep !== null) return { stored: row, found: await placeOf(db) };
  const { found_host: host, found_port: port, found_schema: schema_name, ...stored } = row;
  return { stored, found: { host, port, schema_name, wsrep: null } };
}

/** Whether two descriptions are of one database. */
export function isSamePlace(stored: Place, found: Place): boolean {
  if (stored.schema_name !== found.schema_name) return false;
  if (stored.wsrep && found.wsrep) return stored.wsrep === found.wsrep;
  return stored.host === found.host && stored.port === found.port;
}

function text(p: Place): string {
  return p.host === ''
    ? p.schema_name
    : `${p.schema_name} on ${p.host}:${p.port}${p.wsrep ? ` (cluster ${p.wsrep})` : ''}`;
}

/** Stores which database this is, once. */
export async function storeInstallation(db: Database): Promise<void> {
  const row = { fixed: 1, id: randomUUID(), ...(await placeOf(db)), created_at: db.clock.sql() };
  await db.knex(table).insert(row).onConflict('fixed').ignore();
}

/**
 * Accepts this database as the one to work on. The original that has moved keeps its installation id; a copy gets its
 * own, so that it never takes the original's VMs for its own. Returns the id.
 */
export async function adoptInstallation(db: Database, kind: 'moved' | 'copy'): Promise<string> {
  const found = await placeOf(db);
  await storeInstallation(db);
  await db
    .knex(table)
    .where({ fixed: 1 })
    .update(kind === 'copy' ? { ...found, id: randomUUID() } : found);
  const [stored] = await db.knex(table).where({ fixed: 1 });
  return stored.id;
}

/**
 * The installation id, after a check that this is the database that was migrated and not a copy of it.
 * @throws UsageError when the tables are missing, RefusedError (12) for another database.
 */
export async function checkInstallation(db: Database): Promise<string> {
  const { stored, found } = await repeating(db, () => readInstallation(db));
  if (!stored) throw new UsageError('this database was never set up for vmctl', { cure: 'run: vmctl db migrate' });
  if (!isSamePlace(stored, found)) {
    throw new RefusedError(
      `this is not the database that vmctl was set up for: found ${text(found)}, expected ${text(stored)}`,
      {
        cure: 'if the database has moved, run: vmctl db adopt; if this is a copy, give it clusters and DNS of its own, then run: vmctl db adopt --copy',
      },
    );
  }
  return stored.id;
}
