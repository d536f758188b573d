import type { TaskCalls } from './task-calls.ts';

/** The UPID of a task of this type that runs on the VM now, if this token may see one. */
export async function activeTask(
  calls: TaskCalls,
  node: string,
  vmid: number,
  type: string,
): Promise<string | undefined> {
  for (const { upid } of await calls.tasks(node, { source: 'active', vmid, type })) {
    // The list is up to 10 s late.
    if ((await calls.taskStatus(upid)).running) return upid;
  }
  return undefined;
}

/**
 * The UPID of the newest task of this type on the VM, running or not: after a lost answer, whether it was received.
 * @param since seconds since the epoch, on the node's clock
 */
export async function latestTask(
  calls: TaskCalls,
  node: string,
  vmid: number,
  type: string,
  since: number,
): Promise<string | undefined> {
  const found = await calls.tasks(node, { since, vmid, type });
  return found.toSorted((one, other) => other.starttime - one.starttime)[0]?.upid;
}
