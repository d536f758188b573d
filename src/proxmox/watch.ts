import type { Clock } from '../base/clock.ts';
import { ProxmoxError } from './errors.ts';
import { activeTask, latestTask } from './find-task.ts';
import { gatherer } from './gather.ts';
import type { TaskCalls, TaskItem, TaskStatus } from './task-calls.ts';
import { readExit, type TaskExit } from './tasks.ts';
import { parseUpid } from './upid.ts';
import type { PowerState, VmCalls } from './vms.ts';

/** `elsewhere`: not on this node, which never means stopped; look up its node again. */
export interface PowerReading {
  readonly status: PowerState | 'elsewhere';
  readonly lock?: string | undefined;
}

export type TaskState = { readonly state: 'running' } | TaskExit;

export interface WatchOptions {
  /** Ends the waiting of this asker; the reading goes on for the others. */
  readonly signal?: AbortSignal | undefined;
}

/** Shared waiting: who asks within the same 200 ms about the same node is answered by one request. */
export interface Watch {
  power(node: string, vmid: number, options?: WatchOptions): Promise<PowerReading>;
  task(upid: string, options?: WatchOptions): Promise<TaskState>;
  /** The UPID of a task of this type that runs on the VM now, if this token may see one. */
  activeTask(node: string, vmid: number, type: string): Promise<string | undefined>;
  /**
   * The UPID of the newest task of this type on the VM that began after `since` (ISO 8601, this host's time; the
   * difference to Proxmox's clock is taken out), running or not.
   */
  latestTask(
    node: string,
    vmid: number,
    type: string,
    options: { readonly since: string | undefined },
  ): Promise<string | undefined>;
}

const windowMs = 200;
/** Up to so many, asking one by one costs the node less than a list of everything. */
const fewWaiters = 2;
/** Seen on a real 9.2: a task that had failed at once was listed as running for 8 s. */
const listLagMs = 10_000;
/** A `Date` header has whole seconds, and so has the start of a task. */
const skewErrorMs = 2_000;

export function createWatch(calls: VmCalls & TaskCalls, clock: Clock, skewMs: () => number | undefined): Watch {
  const power = gatherer<number, PowerReading>(clock, windowMs, async (node, vmids) => {
    if (vmids.length <= fewWaiters) return (vmid) => onePower(calls, node, vmid);
    const listed = new Map((await calls.listVms(node)).map((vm) => [vm.vmid, vm]));
    return async (vmid) => {
      const vm = listed.get(vmid);
      return { status: vm?.status ?? 'elsewhere', lock: vm?.lock };
    };
  });
  const task = taskGatherer(calls, clock);
  return {
    power: (node, vmid, { signal } = {}) => power(node, vmid, signal),
    task: async (upid, { signal } = {}) => task(parseUpid(upid).node, upid, signal),
    activeTask: (node, vmid, type) => activeTask(calls, node, vmid, type),
    latestTask: (node, vmid, type, { since }) => {
      const begin = since === undefined ? 0 : Date.parse(since) + (skewMs() ?? 0) - skewErrorMs;
      return latestTask(calls, node, vmid, type, Math.max(0, Math.floor(begin / 1000)));
    },
  };
}

async function onePower(calls: VmCalls, node: string, vmid: number): Promise<PowerReading> {
  try {
    const { status, lock } = await calls.vmStatus(node, vmid);
    return { status, lock };
  } catch (error) {
    if (error instanceof ProxmoxError && error.reason === 'gone') return { status: 'elsewhere' };
    throw error;
  }
}

function taskGatherer(
  calls: TaskCalls,
  clock: Clock,
): (node: string, upid: string, signal?: AbortSignal) => Promise<TaskState> {
  /** When each task was last asked for itself, on the monotonic clock; from its first poll on. */
  const asked = new Map<string, number>();

  async function stateOf(upid: string, { running, exitstatus }: TaskStatus): Promise<TaskState> {
    if (running) return { state: 'running' };
    asked.delete(upid);
    return readExit(calls, upid, exitstatus ?? '');
  }

  async function oneTask(upid: string): Promise<TaskState> {
    asked.set(upid, clock.monotonic());
    return stateOf(upid, await calls.taskStatus(upid));
  }

  return gatherer<string, TaskState>(clock, windowMs, async (node, upids) => {
    if (upids.length <= fewWaiters) return oneTask;
    const since = Math.min(...upids.map((upid) => parseUpid(upid).starttime));
    const listed = byUpid(await calls.tasks(node, { since }));
    return async (upid) => {
      const entry = listed.get(upid);
      if (entry?.exitstatus) return stateOf(upid, { running: false, exitstatus: entry.exitstatus });
      const now = clock.monotonic();
      const last = asked.get(upid) ?? now;
      asked.set(upid, last);
      return entry === undefined || now - last >= listLagMs ? oneTask(upid) : { state: 'running' };
    };
  });
}

/** Tasks occur twice around the moment of their end: what has ended counts. (Seen on a real 9.2: 65 rows for 60.) */
function byUpid(tasks: readonly TaskItem[]): Map<string, TaskItem> {
  const found = new Map<string, TaskItem>();
  for (const task of tasks) {
    if (task.exitstatus !== undefined || !found.has(task.upid)) found.set(task.upid, task);
  }
  return found;
}
