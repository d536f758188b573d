/** Exit codes of the command line (contract, section 4). */
export const exitCodes = { done: 0, internal: 1, usage: 2, rowFailed: 3, unreachable: 5, refused: 12 } as const;

/**
 * How far an error reaches. `transient`: worth another try later. `permanent`: will fail again until somebody changes
 * something. `unknown`: a change was sent and its answer lost, so look before deciding anything.
 */
export type ErrorKind = 'transient' | 'permanent' | 'unknown';

/** An error that vmctl foresaw: `message` says what was wrong and where, `cure` what to do about it. */
export class VmctlError extends Error {
  override name = 'VmctlError';
  readonly cure: string | undefined;
  readonly exitCode: number;

  constructor(message: string, options: { cure?: string; cause?: unknown; exitCode?: number } = {}) {
    super(message, { cause: options.cause });
    this.cure = options.cure;
    this.exitCode = options.exitCode ?? exitCodes.internal;
  }
}

/** What was wrong and, where there is one, its cure, as one text. */
export function withCure(message: string, cure: string | undefined): string {
  return cure === undefined ? message : `${message}. ${cure}`;
}

/** Wrong call, configuration, credentials or certificate: exit code 2. */
export class UsageError extends VmctlError {
  override name = 'UsageError';
  constructor(message: string, options: { cure?: string; cause?: unknown } = {}) {
    super(message, { ...options, exitCode: exitCodes.usage });
  }
}

/** Refused for safety: exit code 12. */
export class RefusedError extends VmctlError {
  override name = 'RefusedError';
  constructor(message: string, options: { cure?: string; cause?: unknown } = {}) {
    super(message, { ...options, exitCode: exitCodes.refused });
  }
}

/** The database, or every cluster, cannot be reached: exit code 5. */
export class UnreachableError extends VmctlError {
  override name = 'UnreachableError';
  constructor(message: string, options: { cure?: string; cause?: unknown } = {}) {
    super(message, { ...options, exitCode: exitCodes.unreachable });
  }
}
