import type { Clock } from '../base/clock.ts';
import type { DnsPorts } from '../dns/ports.ts';
import type { Database } from '../records/database.ts';
import type { Settings } from '../settings/types.ts';
import type { ProbedCluster } from './clusters.ts';
import type { Observation } from './finding.ts';

/** What the checks look at, and with. Readings that several checks need are made once. */
export interface DoctorContext {
  readonly settings: Settings;
  readonly clock: Clock;
  /** Variables of the process, and the folder it was started in. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Where compiled code is kept between two ticks; undefined where that is not possible. */
  readonly compileCache: string | undefined;
  /** Opened for reading only. @throws UnreachableError, or UsageError where it refuses or is not there yet. */
  readonly database: () => Promise<Database>;
  readonly clusters: readonly ProbedCluster[];
  readonly dns: DnsPorts;
  readonly signal: AbortSignal;
}

/** One family of checks. A new one is a file and a line in the registry. Whatever it throws becomes a failure. */
export interface Check {
  readonly name: string;
  /** For the documentation: what is looked at and what counts as wrong. */
  readonly looksAt: string;
  readonly run: (context: DoctorContext) => Promise<Observation[]>;
}
