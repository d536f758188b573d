import { releaseLocks } from './flock.ts';
import type { Sim } from './sim.ts';
import type { Task } from './world.ts';

/** Ends a task with `OK`, or `WARNINGS: n` where it warned. */
export function succeed(sim: Sim, task: Task, at: number): void {
  const status = task.warnings > 0 ? `WARNINGS: ${task.warnings}` : 'OK';
  task.log.push(`TASK ${status}`);
  end(sim, task, at, status);
}

/** Ends a task with an error text. */
export function fail(sim: Sim, task: Task, at: number, text: string): void {
  task.log.push(`TASK ERROR: ${text}`);
  end(sim, task, at, text);
}

/** The worker was killed: no last line, nobody knows how far it got. */
export function vanish(sim: Sim, task: Task, at: number): void {
  end(sim, task, at, 'unexpected status');
}

function end(sim: Sim, task: Task, at: number, exitstatus: string): void {
  task.endedAt = at;
  task.exitstatus = exitstatus;
  task.due = null;
  releaseLocks(sim, task, at);
}
