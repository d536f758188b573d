import { exitCodes, UnreachableError, UsageError, VmctlError, withCure } from '../base/errors.ts';
import { redact } from '../base/redact.ts';
import { Outage, StepFailure } from '../lifecycle/failures.ts';
import type { Outcome } from '../lifecycle/pipeline.ts';
import { ProxmoxError } from '../proxmox/errors.ts';
import { isConnectionError } from '../records/transaction.ts';
import { LeaseLost } from './lease.ts';

/** What the engine makes of a step: its outcome, or what an error means for the row. */
export type Verdict =
  | Outcome
  /** The attempt has failed: the row goes to its error state. `crash`: by a mistake in vmctl itself. */
  | {
      readonly kind: 'failed';
      readonly reason: string;
      readonly cure?: string | undefined;
      readonly crash?: unknown;
      readonly code: number;
    }
  /** The whole cluster is out of reach, or settings keep everything from it: the row stays, no attempt is counted. */
  | { readonly kind: 'outage'; readonly why: string; readonly code?: number }
  /** The row is another tick's by now. */
  | { readonly kind: 'lost' };

/** What an error of a step means for its row. Errors of the database are the tick's, not the row's: they are thrown on. */
export function judge(error: unknown, signal: AbortSignal): Verdict {
  if (signal.aborted || error instanceof LeaseLost) return { kind: 'lost' };
  if (error instanceof Outage) return { kind: 'outage', why: error.message };
  if (error instanceof StepFailure)
    return { kind: 'failed', reason: error.message, cure: error.cure, code: codeOf(error.cause) };
  if (error instanceof ProxmoxError) return judgeProxmox(error);
  if (error instanceof UnreachableError || isConnectionError(error)) throw error;
  // Settings, a CA file, the rights of the database's user: no failure of the row, which goes on when that is mended.
  if (error instanceof UsageError) {
    const { message, cure, exitCode } = error;
    return { kind: 'outage', why: withCure(message, cure), code: exitCode };
  }
  if (error instanceof VmctlError)
    return { kind: 'failed', reason: error.message, cure: error.cure, code: codeOf(error) };
  const reason = error instanceof Error ? error.message : String(error);
  return {
    kind: 'failed',
    reason: `internal error: ${redact(reason)}`,
    cure: 'please report it, with the output of vmctl cron --verbose',
    crash: error,
    code: exitCodes.internal,
  };
}

/** Out of reach, or not to be trusted: both concern the cluster, not the VM. */
function judgeProxmox(error: ProxmoxError): Verdict {
  const { reason, text, cure } = error;
  if (reason === 'cluster-unreachable' || reason === 'no-quorum') return { kind: 'outage', why: text };
  if (reason === 'certificate') return { kind: 'outage', why: withCure(text, cure), code: error.exitCode };
  return { kind: 'failed', reason: text, cure, code: codeOf(error) };
}

function codeOf(error: unknown): number {
  return error instanceof VmctlError && error.exitCode === exitCodes.usage ? exitCodes.usage : exitCodes.rowFailed;
}
