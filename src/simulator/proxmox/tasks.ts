import type { Sim } from './sim.ts';
import { isAtLeast } from './sim.ts';
import type { Fate, Task, TaskArgs, World } from './world.ts';

/** Starts a worker on a node and returns its UPID, as every asynchronous call does. */
export function startTask(
  sim: Sim,
  {
    at,
    ...spec
  }: { at: number; node: string; type: string; id: string; user: string; args: TaskArgs; fate?: Fate | null },
): Task {
  const { world } = sim;
  world.pid += 1;
  const task: Task = {
    ...spec,
    upid: '',
    pid: world.pid,
    pstart: Math.max(1, Math.floor((at - world.bootedAt) / 10)),
    starttime: Math.floor(at / 1000),
    endedAt: null,
    exitstatus: null,
    log: [],
    warnings: 0,
    phase: 'begin',
    due: null,
    locks: [],
    fate: spec.fate ?? null,
  };
  const numbers = [task.pid, task.pstart, task.starttime].map((n) => n.toString(16).toUpperCase().padStart(8, '0'));
  task.upid = `UPID:${spec.node}:${numbers.join(':')}:${spec.type}:${spec.id}:${spec.user}:`;
  world.tasks.push(task);
  sim.tasks.set(task.upid, task);
  proceed(sim, task, 'begin', at + sim.timing.taskStart);
  return task;
}

/** The task's next phase, and when. */
export function proceed(sim: Sim, task: Task, phase: string, at: number): void {
  task.phase = phase;
  task.due = at;
  sim.agenda.add({ at, kind: 'task', key: task.upid });
}

/** A warning of a worker. Before 9 it is only a line of the log and the task still ends OK. */
export function warn(world: World, task: Task, line: string): void {
  if (isAtLeast(world, 9)) {
    task.log.push(`WARN: ${line}`);
    task.warnings += 1;
  } else {
    task.log.push(line);
  }
}

export function isRunning(task: Task): boolean {
  return task.endedAt === null;
}

/** A token owns what it started; a user what he and his tokens started. */
export function ownsTask(authId: string, task: Task): boolean {
  return task.user === authId || (!authId.includes('!') && task.user.split('!')[0] === authId);
}
