import { type ErrorKind, exitCodes, VmctlError } from '../base/errors.ts';
import { redact } from '../base/redact.ts';
import { cureFor } from './cures.ts';

/** What Proxmox (or the way to it) said, as far as the program acts on it. */
export type ProxmoxReason =
  /** No such VM on this node: look the node up again before concluding anything. */
  | 'gone'
  /** `lock:` in the VM's configuration; the error's `lock` has its name. */
  | 'locked'
  /** Somebody else holds a lock file or cluster lock for a moment. Nothing was done. */
  | 'contended'
  | 'running'
  | 'not-running'
  /** A shutdown that the guest did not follow. */
  | 'not-stopped'
  | 'protected'
  | 'ha-managed'
  | 'replicated'
  | 'linked-clones'
  | 'exists'
  /** The configuration was changed meanwhile (digest). */
  | 'modified'
  | 'auth'
  | 'forbidden'
  | 'certificate'
  | 'parameter'
  | 'unsupported'
  /** 595: the node does not answer its cluster. The call was not executed. */
  | 'node-unreachable'
  | 'no-such-node'
  | 'no-quorum'
  /** No entry point answers. The call was not executed. */
  | 'cluster-unreachable'
  | 'storage'
  | 'no-such-task'
  /** Somebody interrupted the task. */
  | 'aborted'
  | 'task-failed'
  /** The task did not end in the time given. */
  | 'task-running'
  /** No worker could be forked. Nothing was done. */
  | 'busy'
  /** 596, 597, 599, a lost connection, a killed worker: a change may or may not have been executed. */
  | 'ambiguous'
  | 'other';

export interface ProxmoxErrorDetails {
  readonly kind: ErrorKind;
  readonly reason: ProxmoxReason;
  /** What Proxmox said, on one line. */
  readonly text: string;
  readonly call: { readonly method: string; readonly path: string };
  readonly node?: string | undefined;
  readonly status?: number | undefined;
  /** Name of the configuration lock, for `locked`. */
  readonly lock?: string | undefined;
  readonly cure?: string | undefined;
  readonly cause?: unknown;
}

/**
 * An error of a Proxmox call or task. `transient`: certainly not executed, or only a read; may be tried again.
 * `unknown`: a change that may have been executed; look at Proxmox before deciding anything.
 */
export class ProxmoxError extends VmctlError {
  override name = 'ProxmoxError';
  readonly kind: ErrorKind;
  readonly reason: ProxmoxReason;
  readonly status: number | undefined;
  readonly text: string;
  readonly call: { readonly method: string; readonly path: string };
  readonly node: string | undefined;
  readonly lock: string | undefined;

  constructor(details: ProxmoxErrorDetails) {
    const text = redact(details.text.trim().replace(/\s+/g, ' '));
    super(`${text} (${details.call.method} ${redact(details.call.path)})`, {
      cause: details.cause,
      cure: details.cure ?? cureFor(details.reason, details.lock),
      exitCode: exitCodeOf(details.reason),
    });
    this.kind = details.kind;
    this.reason = details.reason;
    this.status = details.status;
    this.text = text;
    // Only these two: a call on its way also holds the headers with the secret.
    this.call = { method: details.call.method, path: details.call.path };
    this.node = details.node;
    this.lock = details.lock;
  }
}

function exitCodeOf(reason: ProxmoxReason): number {
  if (reason === 'auth' || reason === 'forbidden' || reason === 'certificate') return exitCodes.usage;
  return reason === 'cluster-unreachable' ? exitCodes.unreachable : exitCodes.internal;
}
