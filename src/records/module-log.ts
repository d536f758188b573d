import { localTime } from '../base/local-time.ts';
import { redact } from '../base/redact.ts';
import { basicPlane } from './basic-plane.ts';
import type { Database } from './database.ts';
import { readNow } from './database-clock.ts';
import { repeating } from './transaction.ts';

/** Under which of its two identifiers a call is found in WHMCS: Proxmox's calls, or DNS calls and non-blocking errors. */
export type LogModule = 'puqProxmoxKVM' | 'puq_proxmox_kvm';

export interface ModuleLogEntry {
  readonly module: LogModule;
  readonly action: string;
  readonly request: string;
  readonly response: string;
  readonly failed: boolean;
}

export type ModuleLogMode = 'auto' | 'all' | 'errors' | 'off';

/** Writes to WHMCS's Module Log, beside the work: no call waits for it, and none fails because of it. */
export interface ModuleLog {
  write(entry: ModuleLogEntry): void;
  /** Waits for what is under way. */
  flush(): Promise<void>;
}

const nothing: ModuleLog = { write: () => {}, flush: async () => {} };

/** The longest text that is kept of a request or response: a listing of thousands of records helps nobody there. */
const longest = 10_000;

/** In `arrdata`: WHMCS's own module writes under the same identifiers, and its entries are not ours to trim. */
const writer = 'vmctl';

/** Of many entries at once, so many go into one INSERT. */
const batchSize = 100;

/** `auto`: everything while WHMCS's module debug log is on, else errors. Nothing where the table is missing. */
export async function openModuleLog(db: Database, mode: ModuleLogMode): Promise<ModuleLog> {
  if (mode === 'off' || !(await db.knex.schema.hasTable('tblmodulelog'))) return nothing;
  const all = mode === 'all' || (mode === 'auto' && (await isDebugging(db)));
  let waiting: ModuleLogEntry[] = [];
  let writing: Promise<void> | undefined;

  async function drain(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, batchSize);
      waiting = waiting.slice(batchSize);
      await insert(db, batch).catch(() => {});
    }
    writing = undefined;
  }
  return {
    write(entry) {
      if (!all && !entry.failed) return;
      waiting.push(entry);
      writing ??= drain();
    },
    async flush() {
      await writing;
    },
  };
}

async function isDebugging(db: Database): Promise<boolean> {
  if (!(await db.knex.schema.hasTable('tblconfiguration'))) return false;
  const row = await db.knex('tblconfiguration').where({ setting: 'ModuleDebugMode' }).first('value');
  return row?.value === 'on' || row?.value === '1';
}

async function insert(db: Database, entries: readonly ModuleLogEntry[]): Promise<void> {
  const now = await repeating(db, () => readNow(db.knex, db.clock));
  const date = localTime(now, db.timeZone);
  const text = (raw: string) => basicPlane(redact(raw).slice(0, longest));
  const rows = entries.map(({ module, action, request, response }) => ({
    date,
    module,
    action: text(action),
    request: text(request),
    response: text(response),
    arrdata: writer,
  }));
  await repeating(db, () => db.knex('tblmodulelog').insert(rows));
}

/** Deletes entries of vmctl that are older than `days`. Returns how many. */
export async function trimModuleLog(db: Database, days: number): Promise<number> {
  if (!(await db.knex.schema.hasTable('tblmodulelog'))) return 0;
  const oldest = await repeating(db, () => readNow(db.knex, db.clock, -days * 86_400_000));
  const before = localTime(oldest, db.timeZone);
  return repeating(db, () => db.knex('tblmodulelog').where({ arrdata: writer }).andWhere('date', '<', before).delete());
}
