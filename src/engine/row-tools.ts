import type { TickTools } from '../lifecycle/context.ts';
import type { ModuleLog } from '../records/module-log.ts';
import type { TickReport } from '../report/tick-report.ts';

/** What the engine lends a row beyond what its steps get. */
export interface RowTools extends TickTools {
  readonly report: TickReport;
  readonly moduleLog: ModuleLog;
  /** Exit codes that what happened asks for. */
  readonly codes: Set<number>;
  /** Aborted when the tick drains: nothing new is begun, a row that only waits is given back at once. */
  readonly draining: AbortSignal;
}
