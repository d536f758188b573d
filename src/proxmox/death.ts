import type { Cluster } from './cluster.ts';
import { ProxmoxError } from './errors.ts';
import type { Volume } from './storages.ts';

/** The VM whose destroy has ended (or that never had one), with what its configuration named while it was there. */
export interface DeadVm {
  readonly vmid: number;
  /** Where it was, as far as known: its storages are asked there, else on a node that is online. */
  readonly node?: string | undefined;
  /** Volume ids that its configuration named (`disksOf`). */
  readonly volumes: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

export type Death =
  | { readonly gone: false; readonly why: string }
  | {
      readonly gone: true;
      /** Volumes that are still there, for a human. */
      readonly left: readonly string[];
      /** Volumes that had been left and were deleted now. */
      readonly deleted: readonly string[];
      /** What could not be deleted or looked at, and why. */
      readonly notes: readonly string[];
    };

const deleteTimeoutMs = 60_000;

/**
 * Proves that a VM is gone: its VMID is free on a cluster that has a quorum. Volumes of it that are left do not change
 * that (seen on a real 9.2: a busy storage lock leaves them). Of those, exactly the ones that its configuration named are
 * deleted, if the token may; other images under its VMID may be those of another cluster on the same storage, and
 * backups are never looked at.
 * @throws ProxmoxError where the first question cannot be answered
 */
export async function proveDeath(anyCluster: Cluster, vm: DeadVm): Promise<Death> {
  const cluster = vm.signal === undefined ? anyCluster : anyCluster.withSignal(vm.signal);
  if (!(await cluster.quorate())) return { gone: false, why: 'the cluster has no quorum, so it cannot be certain' };
  if (!(await cluster.isVmidFree(vm.vmid))) return { gone: false, why: `VM ${vm.vmid} still exists` };
  const remains: Remains = { left: [], deleted: [], notes: [] };
  if (vm.volumes.length === 0) return { gone: true, ...remains };
  const node = vm.node || (await cluster.nodes()).find(({ online }) => online)?.node || '';
  const named = new Set(vm.volumes);
  for (const storage of new Set(vm.volumes.map((volid) => volid.split(':', 1).join('')))) {
    const found = await tell(remains.notes, `storage ${storage} could not be looked at`, () =>
      cluster.volumes(node, storage, { vmid: vm.vmid }),
    );
    for (const volume of (found ?? []).filter((volume) => isImageOf(vm, named, volume))) {
      const { volid } = volume;
      const gone = named.has(volid) && (await removeVolume(cluster, vm.vmid, { node, storage, volid }, remains.notes));
      (gone ? remains.deleted : remains.left).push(volid);
    }
  }
  return { gone: true, ...remains };
}

interface Remains {
  readonly left: string[];
  readonly deleted: string[];
  readonly notes: string[];
}

function isImageOf(vm: DeadVm, named: ReadonlySet<string>, { volid, content, vmid }: Volume): boolean {
  if (content !== 'images' || (vmid !== undefined && vmid !== vm.vmid)) return false;
  return named.has(volid) || new RegExp(`[:/]vm-${vm.vmid}-[^/]*$`).test(volid);
}

async function removeVolume(
  cluster: Cluster,
  vmid: number,
  { node, storage, volid }: { readonly node: string; readonly storage: string; readonly volid: string },
  notes: string[],
): Promise<boolean> {
  const done = await tell(notes, `${volid} could not be deleted`, async () => {
    // Proxmox deletes even an image that a stopped VM uses: somebody may have taken the VMID a moment ago.
    if (!(await cluster.isVmidFree(vmid))) {
      notes.push(`${volid} was kept: VMID ${vmid} has been taken again`);
      return false;
    }
    const upid = await cluster.deleteVolume(node, storage, volid);
    if (upid === null) return true;
    const exit = await cluster.waitForTask(upid, { timeoutMs: deleteTimeoutMs });
    if (!exit.ok) throw exit.error;
    return true;
  });
  return done ?? false;
}

/** What Proxmox refuses here is for a human to read, and holds nothing up. */
async function tell<T>(notes: string[], what: string, ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof ProxmoxError)) throw error;
    notes.push(`${what}: ${error.text}`);
    return undefined;
  }
}
