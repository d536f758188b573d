import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, systemClock } from '../../../src/base/clock.ts';
import { type Database, type DatabaseOptions, openDatabase } from '../../../src/records/database.ts';
import { migrate } from '../../../src/records/migrate.ts';
import type { VmRow } from '../../../src/records/vm-row.ts';
import { createDatabase } from '../../support/mariadb.ts';

export const vmTable = 'puqProxmoxKVM_vm_info';
export const dialects = ['mysql', 'sqlite'] as const;
export type Dialect = (typeof dialects)[number];

/** An empty database of its own, and as many openings of it as a test wants. */
export interface Ground {
  readonly url: string;
  readonly folder: string;
  /** Opens it (once more), as another process would. */
  open(options?: Partial<DatabaseOptions>): Promise<Database>;
  /** Closes what is open and removes the database. */
  remove(): Promise<void>;
}

export async function createGround(dialect: Dialect, server?: string): Promise<Ground> {
  const folder = mkdtempSync(join(tmpdir(), 'vmctl-records-'));
  const made = dialect === 'mysql' ? await createDatabase(server === undefined ? {} : { server }) : undefined;
  const url = made?.url ?? `sqlite:${join(folder, 'vmctl.sqlite')}`;
  const opened: Database[] = [];
  return {
    url,
    folder,
    async open(options = {}) {
      const db = await openDatabase({ url, vmTable, timeZone: 'UTC', ...options });
      opened.push(db);
      return db;
    },
    async remove() {
      await Promise.all(opened.map((db) => db.close()));
      await made?.drop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The same, migrated and open. */
export async function createRecords(
  dialect: Dialect,
  options?: Partial<DatabaseOptions>,
): Promise<Ground & { db: Database }> {
  const ground = await createGround(dialect);
  const db = await ground.open(options);
  await migrate(db);
  return { ...ground, db };
}

/** A clock that a test turns on; what sleeps on it sleeps little. */
export interface Turned extends Clock {
  turn(ms: number): void;
}

export function turnedClock(): Turned {
  let ahead = 0;
  return {
    now: () => systemClock.now() + ahead,
    monotonic: () => systemClock.monotonic() + ahead,
    sleep: (ms, signal) => systemClock.sleep(ms / 100, signal),
    turn(ms) {
      ahead += ms;
    },
  };
}

/** Inserts a row as a panel does and gives it as vmctl reads it. */
export async function addRow(db: Database, row: Partial<VmRow> = {}): Promise<VmRow> {
  const [id] = await db.knex(db.vmTable).insert({ vm_status: 'terminate', ...row });
  return readRow(db, Number(id));
}

export async function readRow(db: Database, id: number): Promise<VmRow> {
  const row = await db.knex<VmRow>(db.vmTable).where({ id }).first();
  if (!row) throw new Error(`no row ${id}`);
  return row;
}
