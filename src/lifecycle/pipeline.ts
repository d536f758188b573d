import type { Knex } from 'knex';
import type { RowChange } from '../records/checkpoint.ts';
import type { Progress, VmRow, Wait } from '../records/vm-row.ts';
import type { PlanContext, StepContext } from './context.ts';

/** What every outcome may bring: columns learned about the VM, and things to remember until the row leaves its state. */
interface Brings {
  readonly learned?: RowChange['learned'];
  readonly progress?: Partial<Progress>;
}

/** What became of one run of a step. A step never writes `vm_status` itself: the engine does, in one transaction with `also`. */
export type Outcome =
  | (Brings & {
      readonly kind: 'done' | 'skipped';
      readonly why?: string;
      readonly message?: string;
      readonly also?: Also;
    })
  /** Runs the step again after `pollMs`, in this tick where it can. `wait` is persisted if it has changed. */
  | (Brings & { readonly kind: 'wait'; readonly wait: Wait; readonly pollMs: number })
  /** Nothing can be done now, and that is no failure: the row is left in its state and tried again after `inMs`. */
  | (Brings & { readonly kind: 'later'; readonly why: string; readonly inMs: number });

export type Also = (trx: Knex.Transaction) => Promise<void>;

/** One row of a pipeline's table. */
export interface Step {
  /** A vm_status, or `vm_status:phase` for the phases within one. Always the last completed step, never the current one. */
  readonly from: string;
  /** Label in output and log. */
  readonly does: string;
  readonly run: (context: StepContext) => Promise<Outcome>;
  /** What `run` would change, for a dry run: looks, and changes nothing. */
  readonly plan: (context: PlanContext) => Promise<StepPlan>;
  readonly to: string;
}

/** Calls and writes in words, in their order. `ends`: why the row would go no further now. */
export interface StepPlan {
  readonly changes: readonly string[];
  readonly ends?: string | undefined;
}

export interface Pipeline {
  readonly action: string;
  readonly errorState: string;
  readonly steps: readonly Step[];
  /** Texts of the client's Activity Log, where the attempt's end is told to the client. */
  readonly activity?: { readonly success: string; readonly failure: (reason: string) => string } | undefined;
}

/** Where a row stands in its pipeline. */
export function positionOf(row: VmRow, progress: Progress): string {
  return progress.phase === undefined ? row.vm_status : `${row.vm_status}:${progress.phase}`;
}

/** A position as vm_status and phase. */
export function splitPosition(position: string): { status: string; phase: string | undefined } {
  const [status = position, phase] = position.split(':');
  return { status, phase };
}
