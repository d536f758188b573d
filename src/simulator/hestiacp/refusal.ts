/** HestiaCP's exit codes, as far as its DNS commands and its API use them. */
export const codes = {
  args: 1,
  invalid: 2,
  notExist: 3,
  exists: 4,
  suspended: 5,
  limit: 8,
  password: 9,
  forbidden: 10,
  disabled: 11,
  load: 14,
  restart: 20,
  apiDisabled: 21,
} as const;

/** A command ends with a code other than 0. What it prints is nearly always `Error: …`. */
export class CommandFailure extends Error {
  override name = 'CommandFailure';
  readonly code: number;

  constructor(code: number, printed: string) {
    super(printed);
    this.code = code;
  }
}

export function invalid(reason: string): CommandFailure {
  return new CommandFailure(codes.invalid, `Error: ${reason}`);
}
