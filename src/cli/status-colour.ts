import type { ChalkInstance } from 'chalk';
import { groupOf } from '../lifecycle/states.ts';

/** A state in its colour: green rests well, red needs a human or is being destroyed, grey is over, yellow is under way. */
export function statusColour(chalk: ChalkInstance, status: string): string {
  const group = groupOf(status);
  if (status === 'ready') return chalk.green(status);
  if (group === 'errors' || group === undefined) return chalk.red.bold(status);
  if (group === 'terminate') return chalk.red(status);
  return group === 'resting' ? chalk.gray(status) : chalk.yellow(status);
}
