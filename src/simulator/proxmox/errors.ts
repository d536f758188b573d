/** A refusal of the API: as an answer its status and reason phrase, inside a task the exit status. */
export class PveError extends Error {
  override name = 'PveError';
  readonly status: number;
  readonly errors: Record<string, string> | undefined;

  constructor(message: string, status = 500, errors?: Record<string, string>) {
    super(message);
    this.status = status;
    this.errors = errors;
  }
}

export function parameterError(errors: Record<string, string>): PveError {
  return new PveError('Parameter verification failed.', 400, errors);
}

export function permissionError(path: string, privileges: string): PveError {
  return new PveError(`Permission check failed (${path}, ${privileges})`, 403);
}
