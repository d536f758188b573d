import type { Clock } from '../../base/clock.ts';
import type { Agenda } from './agenda.ts';
import type { FaultBook } from './faults.ts';
import type { Timing } from './timing.ts';
import type { Task, World } from './world.ts';

/** The running simulator: its data and what is derived from them. */
export interface Sim {
  readonly world: World;
  readonly clock: Clock;
  readonly timing: Timing;
  readonly agenda: Agenda;
  readonly faults: FaultBook;
  /** By UPID. */
  readonly tasks: Map<string, Task>;
}

/** True where the simulated release is this one or newer. */
export function isAtLeast(world: World, major: number, minor = 0): boolean {
  const [haveMajor = 0, haveMinor = 0] = world.release.split('.').map(Number);
  return haveMajor > major || (haveMajor === major && haveMinor >= minor);
}
