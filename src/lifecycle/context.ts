import type { Clock } from '../base/clock.ts';
import type { DnsPorts } from '../dns/ports.ts';
import type { Cluster } from '../proxmox/cluster.ts';
import type { Database } from '../records/database.ts';
import type { Progress, VmRow } from '../records/vm-row.ts';
import type { Settings } from '../settings/types.ts';
import type { VmFinder } from './find-vm.ts';

/** What a tick lends to the steps of all its rows. */
export interface TickTools {
  readonly db: Database;
  readonly settings: Settings;
  readonly clock: Clock;
  /** The present on the database's clock, ms since the epoch. */
  readonly dbNow: () => number;
  /** The tick's id: rows, duties and slots in work carry it. */
  readonly token: string;
  /** Opens a cluster by its name, once a tick. */
  readonly cluster: (name: string) => Promise<Cluster>;
  readonly dns: () => Promise<DnsPorts>;
  /** Aborted when another tick has taken over, or the time to drain has run out. */
  readonly signal: AbortSignal;
}

/** What the plan of a step gets: enough to look. */
export type PlanContext = Pick<StepContext, 'row' | 'progress' | 'db' | 'settings' | 'dbNow' | 'signal' | 'vm'>;

/** What one step gets. */
export interface StepContext extends TickTools {
  readonly row: VmRow;
  readonly progress: Progress;
  /** The row came to this step from the database, not from the step before: an earlier run may have been cut off in it. */
  readonly resumed: boolean;
  /** Prints and logs one line about the row. */
  readonly say: (text: string) => void;
  /** The same for an error that does not block: it goes to the Module Log too. */
  readonly complain: (text: string) => void;
  readonly vm: VmFinder;
  /** Takes a place for this row among `places` that all ticks and hosts share; given back when the step ends. */
  readonly takeSlot: (name: string, places: number) => Promise<boolean>;
}
