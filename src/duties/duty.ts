import type { DnsPorts } from '../dns/ports.ts';
import type { Database } from '../records/database.ts';
import type { Settings } from '../settings/types.ts';

/** What a duty gets from the tick that runs it. */
export interface DutyContext {
  readonly db: Database;
  readonly settings: Settings;
  readonly token: string;
  readonly dns: () => Promise<DnsPorts>;
  readonly note: (text: string) => void;
  readonly signal: AbortSignal;
}

export interface DutyResult {
  /** In a few words. */
  readonly did: string;
  /** When it knows better than its interval; milliseconds. */
  readonly againInMs?: number | undefined;
}

/** What runs by interval, not by row. A duty destroys nothing: it changes records, and the pipelines do the work. */
export interface Duty {
  readonly name: string;
  readonly everyMs: (settings: Settings) => number;
  readonly run: (context: DutyContext) => Promise<DutyResult>;
}
