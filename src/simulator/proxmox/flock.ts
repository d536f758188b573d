import { PveError } from './errors.ts';
import type { Sim } from './sim.ts';
import { proceed } from './tasks.ts';
import type { Task, World } from './world.ts';

export function vmLock(node: string, vmid: number): string {
  return `${node}:/var/lock/qemu-server/lock-${vmid}.conf`;
}

function lockTimeout(key: string): string {
  return `can't lock file '${key.slice(key.indexOf(':') + 1)}' - got timeout`;
}

/** A storage's own lock: held by something else for longer than the wait means this text. */
export function storageLockTimeout(storage: string): string {
  return `can't lock file '/var/lock/pve-manager/pve-storage-${storage}' - got timeout`;
}

function isFree(world: World, key: string, shared: boolean): boolean {
  const lock = world.flocks[key];
  return lock === undefined || lock.holders.length === 0 || (shared && lock.shared && lock.queue.length === 0);
}

/** Gives `task` the lock and goes on with `phase`, at once or when its turn comes; after `waitMs` the task fails. */
export function lockThen(
  sim: Sim,
  task: Task,
  at: number,
  lock: { key: string; shared?: boolean; waitMs: number; phase: string },
): void {
  const shared = lock.shared === true;
  if (isFree(sim.world, lock.key, shared)) {
    hold(sim.world, task, lock.key, shared);
    proceed(sim, task, lock.phase, at);
    return;
  }
  task.log.push('trying to acquire lock...');
  sim.world.flocks[lock.key]?.queue.push({ upid: task.upid, shared, phase: lock.phase });
  proceed(sim, task, 'lock', at + lock.waitMs);
}

/** The wait for a lock is over. */
export function lockTimedOut(sim: Sim, task: Task): never {
  for (const [key, lock] of Object.entries(sim.world.flocks)) {
    if (lock.queue.some((waiter) => waiter.upid === task.upid)) throw new PveError(lockTimeout(key));
  }
  throw new Error(`task ${task.upid} waits for no lock`);
}

function hold(world: World, task: Task, key: string, shared: boolean): void {
  const lock = world.flocks[key] ?? { shared, holders: [], queue: [] };
  world.flocks[key] = lock;
  lock.shared = shared;
  lock.holders.push(task.upid);
  task.locks.push(key);
}

/** Drops every lock and every place in a queue of a task that has ended, and wakes those who waited. */
export function releaseLocks(sim: Sim, ended: Task, at: number): void {
  for (const [key, lock] of Object.entries(sim.world.flocks)) {
    lock.holders = lock.holders.filter((upid) => upid !== ended.upid);
    lock.queue = lock.queue.filter((waiter) => waiter.upid !== ended.upid);
    for (let first = lock.queue[0]; first !== undefined; first = lock.queue[0]) {
      if (lock.holders.length > 0 && !(lock.shared && first.shared)) break;
      lock.queue.shift();
      const task = sim.tasks.get(first.upid);
      if (task === undefined) continue;
      task.log.push(' OK');
      hold(sim.world, task, key, first.shared);
      proceed(sim, task, first.phase, at);
    }
    if (lock.holders.length === 0 && lock.queue.length === 0) delete sim.world.flocks[key];
  }
  ended.locks = [];
}

/** For work inside a request: waits until nobody holds the lock, at most `flockWait`, then throws the timeout. */
export async function awaitLock(sim: Sim, key: string, settle: () => void): Promise<void> {
  const deadline = sim.clock.now() + sim.timing.flockWait;
  for (;;) {
    settle();
    if (isFree(sim.world, key, false)) return;
    const now = sim.clock.now();
    if (now >= deadline) throw new PveError(lockTimeout(key));
    // A task that is aborted by another request frees the lock without an appointment: hence the upper bound.
    const next = Math.min(deadline, sim.agenda.next() ?? deadline, now + 500);
    await sim.clock.sleep(Math.max(1, next - now));
  }
}
