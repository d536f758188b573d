import { ProxmoxError } from './errors.ts';
import { activeTask } from './find-task.ts';
import type { TaskCalls } from './task-calls.ts';
import type { VmCalls } from './vms.ts';

/**
 * Stops a VM at once, also while a shutdown of this token still waits for the guest and holds the VM's lock. Before 8.2
 * that shutdown is aborted first; for a VM under HA its manager does the stopping. Gives the UPID.
 */
export async function forceStop(
  calls: VmCalls & TaskCalls,
  node: string,
  vmid: number,
  { ha }: { readonly ha: boolean },
): Promise<string> {
  if (ha) return calls.stop(node, vmid);
  try {
    return await calls.stop(node, vmid, { overruleShutdown: true });
  } catch (error) {
    if (!(error instanceof ProxmoxError)) throw error;
    // It came under HA since the caller looked.
    if (error.reason === 'ha-managed') return calls.stop(node, vmid);
    if (error.reason !== 'parameter') throw error;
    const shutdown = await activeTask(calls, node, vmid, 'qmshutdown');
    if (shutdown !== undefined) await calls.abortTask(shutdown);
    return calls.stop(node, vmid);
  }
}
