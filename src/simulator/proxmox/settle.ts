import { fail, vanish } from './ending.ts';
import { PveError } from './errors.ts';
import { lockTimedOut } from './flock.ts';
import { runHaManager } from './ha.ts';
import type { Sim } from './sim.ts';
import { warn } from './tasks.ts';
import { powerOff } from './vms.ts';
import { workers } from './workers/index.ts';
import type { Task } from './world.ts';

/** Lets everything happen that is due, in the order of time. Called before anything is read or changed. */
export function settle(sim: Sim): void {
  const now = sim.clock.now();
  for (let due = sim.agenda.take(now); due !== undefined; due = sim.agenda.take(now)) {
    const vm = sim.world.vms[due.key];
    const task = sim.tasks.get(due.key);
    if (due.kind === 'task' && task?.due === due.at) runPhase(sim, task, due.at);
    if (due.kind === 'guest' && vm?.poweroffAt === due.at) powerOff(sim, vm, due.at);
    if (due.kind === 'ha' && vm?.ha?.actAt === due.at) runHaManager(sim, vm, vm.ha, due.at);
  }
}

function runPhase(sim: Sim, task: Task, at: number): void {
  task.due = null;
  const worker = workers[task.type];
  const phase = worker?.phases[task.phase];
  try {
    if (task.phase === 'lock') lockTimedOut(sim, task);
    if (worker === undefined || phase === undefined) throw new Error(`no phase ${task.phase} of ${task.type}`);
    if (task.phase === worker.final && task.fate !== null) {
      if (task.fate.kind === 'fails') throw new PveError(task.fate.text);
      if (task.fate.kind === 'killed') {
        worker.killed?.(sim, task);
        vanish(sim, task, at);
        return;
      }
      warn(sim.world, task, task.fate.text);
    }
    phase(sim, task, at);
  } catch (error) {
    if (!(error instanceof PveError)) throw error;
    fail(sim, task, at, `${worker?.undo?.(sim, task) ?? ''}${error.message}`);
  }
}

/** What `DELETE /nodes/{node}/tasks/{upid}` does: SIGTERM, which the workers handle. */
export function interruptTask(sim: Sim, task: Task, at: number): void {
  const prefix = workers[task.type]?.undo?.(sim, task);
  fail(sim, task, at, prefix ? `${prefix}interrupted by signal` : 'received interrupt');
}
