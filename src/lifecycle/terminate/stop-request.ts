import type { Cluster } from '../../proxmox/cluster.ts';
import { ProxmoxError } from '../../proxmox/errors.ts';
import type { IdentifiedVm } from '../find-vm.ts';

/** Time for a guest to shut down, after which Proxmox forces it by itself. */
export const stopSeconds = 120;

/**
 * Asks Proxmox to stop a VM. Gives the task's UPID; undefined when the answer was lost: the VM's state tells then whether
 * it was received.
 */
export async function requestStop(cluster: Cluster, vm: IdentifiedVm, forced: boolean): Promise<string | undefined> {
  const { node, vmid, ha } = vm;
  try {
    if (forced) return await cluster.forceStop(node, vmid, { ha });
    // The panel, or a tick that was cut off, may have asked already: a second shutdown would only wait for the first.
    const running = await cluster.watch.activeTask(node, vmid, 'qmshutdown');
    if (running !== undefined) return running;
    // Ends by itself, also if nobody looks after it any more.
    return await cluster.shutdown(node, vmid, { timeoutSeconds: stopSeconds, forceStop: true });
  } catch (error) {
    if (error instanceof ProxmoxError && error.kind === 'unknown') return undefined;
    throw error;
  }
}
