import { VmctlError } from '../base/errors.ts';
import { redact } from '../base/redact.ts';
import type { DnsErrorKind } from './provider.ts';

/** A zone cannot be read or written. */
export class DnsError extends VmctlError {
  override name = 'DnsError';
  readonly kind: DnsErrorKind;
  /** The server did not answer at all, so that asking it again at once would only cost another time-out. */
  readonly unreachable: boolean;

  constructor(
    kind: DnsErrorKind,
    message: string,
    options: { cure?: string | undefined; cause?: unknown; unreachable?: boolean } = {},
  ) {
    super(redact(message), options);
    this.kind = kind;
    this.unreachable = options.unreachable ?? false;
  }
}

/** Any error as a DnsError. One that no provider classified, like a CA file missing, will not go away by trying again. */
export function toDnsError(error: unknown): DnsError {
  if (error instanceof DnsError) return error;
  if (error instanceof VmctlError) return new DnsError('permanent', error.message, { cause: error });
  const message = error instanceof Error ? error.message : String(error);
  return new DnsError('permanent', `unexpected: ${message}`, { cause: error });
}
