import type { Clock } from '../base/clock.ts';
import type { Cluster } from '../proxmox/cluster.ts';
import { ProxmoxError } from '../proxmox/errors.ts';
import { checkIdentity } from '../proxmox/identity.ts';
import type { VmConfig } from '../proxmox/vm-config.ts';
import type { VmRow } from '../records/vm-row.ts';
import { Outage, StepFailure } from './pipeline.ts';

/** A VM that is provably the one in the row. */
export interface IdentifiedVm {
  readonly vmid: number;
  readonly node: string;
  readonly config: VmConfig;
  readonly uuid: string | undefined;
  /** Start and stop go through the HA manager. */
  readonly ha: boolean;
}

/** The VMID is another VM's: nothing of it may be touched. */
export class IdentityMismatch extends StepFailure {
  override name = 'IdentityMismatch';
  constructor(reason: string) {
    super(
      reason,
      'see which VM that is; correct vm_id, vm_uuid or vm_name of the row or, if the VM of the row is gone: vmctl reset <id> remove',
    );
  }
}

/** Finds the VM of a row and proves that it is the one. */
export interface VmFinder {
  readonly cluster: () => Promise<Cluster>;
  /**
   * The VM, after an identity check on a reading that is at most 10 s old; undefined when it is gone from the cluster.
   * @throws StepFailure when it is another VM, or cannot be told.
   */
  readonly identified: () => Promise<IdentifiedVm | undefined>;
  /** Reads anew at the next call: the VM was not where it was expected. */
  readonly forget: () => void;
}

/** Readings older than this do not allow a destructive call (design, section 6). */
const maxAgeMs = 10_000;

export function createVmFinder(row: VmRow, openCluster: () => Promise<Cluster>, clock: Clock): VmFinder {
  let reading: { vm: IdentifiedVm | undefined; at: number } | undefined;
  return {
    cluster: openCluster,
    async identified() {
      if (reading && clock.monotonic() - reading.at <= maxAgeMs) return reading.vm;
      const at = clock.monotonic();
      reading = { vm: row.vm_id === null ? undefined : await find(await openCluster(), row, row.vm_id, clock), at };
      return reading.vm;
    },
    forget() {
      reading = undefined;
    },
  };
}

/** A migration of a stopped VM moves its configuration within moments; the cluster's list is kept for 2 s by the server. */
const lookAgainMs = 2_500;

async function find(cluster: Cluster, row: VmRow, vmid: number, clock: Clock): Promise<IdentifiedVm | undefined> {
  for (let look = 1; look <= 3; look += 1) {
    const place = await cluster.locate(vmid, { fresh: look > 1 });
    if (!place) return provenGone(cluster, vmid);
    if (place.type !== 'qemu')
      throw new IdentityMismatch(`identity mismatch: ${vmid} on ${cluster.name} is a container, the row names a VM`);
    try {
      const config = await cluster.vmConfig(place.node, vmid);
      const identity = checkIdentity(config, { vmid, uuid: row.vm_uuid, name: row.vm_name });
      if (!identity.ok) throw new IdentityMismatch(identity.message);
      return { vmid, node: place.node, config, uuid: identity.uuid, ha: place.ha };
    } catch (error) {
      if (!(error instanceof ProxmoxError && error.reason === 'gone')) throw error;
    }
    await clock.sleep(lookAgainMs);
  }
  throw new StepFailure(
    `VM ${vmid} is on none of the nodes that ${cluster.name} names for it`,
    'wait until its migration has ended, then: vmctl reset <id> terminate',
  );
}

/** Unreachable or invisible is not gone: only a quorate cluster that calls the VMID free proves it. */
async function provenGone(cluster: Cluster, vmid: number): Promise<undefined> {
  if (!(await cluster.quorate())) throw new Outage(`cluster ${cluster.name} has no quorum`);
  if (await cluster.isVmidFree(vmid)) return undefined;
  throw new StepFailure(
    `VM ${vmid} cannot be seen on ${cluster.name}, but its VMID is not free`,
    `give the token of ${cluster.name} VM.Audit on /vms/${vmid}`,
  );
}
