import { UsageError } from '../base/errors.ts';
import { redact } from '../base/redact.ts';

/** One thing that is wrong in the configuration. */
export interface Problem {
  /** `file:line` or `file:line:column`, or `environment`. */
  readonly at: string;
  /** Variable name, or path in the YAML such as `clusters.main.endpoints[0]`; empty for the file as a whole. */
  readonly path: string;
  readonly message: string;
}

const longest = 80;

/** A value as an error shows it: short, on one line, `***` where it is secret. */
export function shown(value: unknown, secret: boolean): string {
  if (value === undefined || value === null) return 'nothing';
  if (secret) return '***';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  const whole = JSON.stringify(value);
  return whole.length > longest ? `${whole.slice(0, longest)}…` : whole;
}

export function wrongValue(at: string, path: string, found: string, expected: string): Problem {
  return { at, path, message: `found ${found}, expected ${expected}` };
}

function line({ at, path, message }: Problem): string {
  return path === '' ? `${at}: ${message}` : `${at}: ${path}: ${message}`;
}

/**
 * Throws all problems as one error with one line each.
 * @throws UsageError if there is at least one.
 */
export function throwProblems(problems: readonly Problem[]): void {
  if (problems.length === 0) return;
  throw new UsageError(redact([...new Set(problems.map(line))].join('\n')), {
    cure: '`vmctl config reference` lists every setting',
  });
}
