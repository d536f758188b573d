import { exitCodes, VmctlError } from '../base/errors.ts';
import { redact } from '../base/redact.ts';

/** Tells on stderr what was wrong, where and what to do. What vmctl did not foresee comes with its stack. */
export async function printError(error: unknown): Promise<void> {
  const { default: chalk, chalkStderr } = await import('chalk');
  const { red } = chalkStderr ?? chalk;
  if (error instanceof VmctlError) {
    process.stderr.write(`${red('vmctl:')} ${redact(error.message)}\n`);
    if (error.cure !== undefined) process.stderr.write(`  ${redact(error.cure)}\n`);
    return;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`${red('vmctl: internal error, please report it:')}\n${redact(text)}\n`);
}

export function toExitCode(error: unknown): number {
  return error instanceof VmctlError ? error.exitCode : exitCodes.internal;
}
