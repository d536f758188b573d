import { VmctlError } from '../base/errors.ts';
import { redact } from '../base/redact.ts';

/** What one check found about one thing. Nothing of it holds a secret. */
export interface Finding {
  /** Name of the check, as in the registry. */
  readonly check: string;
  /** What was looked at: a table, an entry point, a zone, a file. */
  readonly subject: string;
  /** A `warning` is worth knowing, a `failure` keeps something from working. */
  readonly state: 'ok' | 'warning' | 'failure';
  readonly found: string;
  /** What to do about it; set for everything that is not `ok`. */
  readonly cure?: string | undefined;
}

/** A finding as its check gives it. */
export type Observation = Omit<Finding, 'check'>;

export function ok(subject: string, found: string): Observation {
  return { subject, state: 'ok', found };
}

export function warning(subject: string, found: string, cure: string): Observation {
  return { subject, state: 'warning', found, cure };
}

export function failure(subject: string, found: string, cure: string): Observation {
  return { subject, state: 'failure', found, cure };
}

/** An error as a failure, with its own cure where it has one. */
export function failureOf(subject: string, error: unknown): Observation {
  const message = redact(error instanceof Error ? error.message : String(error));
  const cure =
    error instanceof VmctlError && error.cure ? redact(error.cure) : 'see what it says, then run doctor again';
  return failure(subject, message, cure);
}
