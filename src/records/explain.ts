import { UnreachableError, UsageError } from '../base/errors.ts';

const lostConnection = new Set([
  'PROTOCOL_CONNECTION_LOST',
  'ECONNRESET',
  'EPIPE',
  'ECONNREFUSED',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

/**
 * Too many connections (of all, of this user), node not ready, server shutting down, aborted, killed, gone, lost, idle for
 * too long (MySQL 8).
 */
const unavailable = new Set([1040, 1203, 1226, 1047, 1053, 1152, 1927, 2006, 2013, 4031]);

/** Access denied (user, schema, table, column), no such schema, no plugin for the user, host not allowed. */
const refused = new Set([1044, 1045, 1049, 1142, 1143, 1698, 1130]);

/** What the two drivers put on their errors. */
export function codes(error: unknown): { errno: unknown; code: unknown } {
  if (typeof error !== 'object' || error === null) return { errno: undefined, code: undefined };
  return { errno: Reflect.get(error, 'errno'), code: Reflect.get(error, 'code') };
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message || String(codes(error).code) : String(error);
}

function has(set: ReadonlySet<number>, errno: unknown): boolean {
  return typeof errno === 'number' && set.has(errno);
}

/** Whether the connection, not the statement, was the problem. */
export function isConnectionError(error: unknown): boolean {
  const { errno, code } = codes(error);
  if (has(unavailable, errno) || (typeof code === 'string' && lostConnection.has(code))) return true;
  return (
    error instanceof Error &&
    /Timeout acquiring a connection|closed state|Connection lost|server has gone away/.test(error.message)
  );
}

/** A database error as the operator should read it; one that is not about the set-up comes back as it is. */
export function explain(error: unknown): unknown {
  const { errno, code } = codes(error);
  if (isConnectionError(error)) {
    return new UnreachableError(`the database is not reachable: ${textOf(error)}`, {
      cure: 'check VMCTL_DATABASE_URL and that the server is running and lets this host in',
      cause: error,
    });
  }
  if (has(refused, errno)) {
    return new UsageError(`the database refuses: ${textOf(error)}`, {
      cure: 'check user, password and schema in VMCTL_DATABASE_URL, and the grants of that user (docs/installation.md)',
      cause: error,
    });
  }
  if (errno === 1146 || /no such table/.test(textOf(error))) {
    return new UsageError('the tables of vmctl are missing in this database', {
      cure: 'run: vmctl db migrate',
      cause: error,
    });
  }
  if (typeof code === 'string' && /^SQLITE_(CANTOPEN|NOTADB|READONLY|PERM)/.test(code)) {
    return new UsageError(`the SQLite file cannot be used: ${textOf(error)}`, {
      cure: 'check the path in VMCTL_DATABASE_URL, and that this user may write the file and its folder',
      cause: error,
    });
  }
  return error;
}
