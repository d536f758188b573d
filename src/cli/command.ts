import type { Command } from 'commander';

/** What was typed: arguments in order, options by name. */
export interface Typed {
  readonly words: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
  /** `--config`. */
  readonly config: string | undefined;
  /** The tree of all commands. */
  readonly program: Command;
}

/** One command. A new one is one file and one line in `commands/index.ts`. What it needs, it loads when it runs. */
export interface CommandSpec {
  /** Name and arguments, as commander reads them: `reset <id> <status>`. */
  readonly usage: string;
  /** Known values of its arguments, in their order; for completion. */
  readonly choices?: readonly (readonly string[])[];
  /** What it does, on one line. */
  readonly description: string;
  /** More for its own help: its actions, its targets, what to know. One line each, not wrapped. */
  readonly details?: readonly string[];
  /** What is typed most, first. */
  readonly examples: readonly string[];
  /** Flags, description and, where its value is not text, what reads it. */
  readonly options?: readonly (readonly [flags: string, description: string, parse?: (value: string) => number])[];
  /** Gives the exit code. */
  readonly run: (typed: Typed) => Promise<number>;
}
