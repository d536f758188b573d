import type { Clock } from '../base/clock.ts';
import { UsageError } from '../base/errors.ts';
import type { Cluster } from '../proxmox/cluster.ts';
import { ProxmoxError } from '../proxmox/errors.ts';
import { checkIdentity } from '../proxmox/identity.ts';
import { uuidOf, type VmConfig } from '../proxmox/vm-config.ts';
import type { PowerReading } from '../proxmox/watch.ts';
import type { VmRow } from '../records/vm-row.ts';
import { Outage, StepFailure } from './failures.ts';

/** A VM that is provably the one in the row. */
export interface IdentifiedVm {
  readonly vmid: number;
  /** Name of its cluster. */
  readonly cluster: string;
  readonly node: string;
  readonly config: VmConfig;
  readonly uuid: string | undefined;
  /** Start and stop go through the HA manager. */
  readonly ha: boolean;
}

/** The VMID is another VM's: nothing of it may be touched. */
export class IdentityMismatch extends StepFailure {
  override name = 'IdentityMismatch';
  constructor(reason: string, rowId: number) {
    super(
      reason,
      `see which VM that is; correct vm_id, vm_uuid or vm_name of the row or, if the VM of the row is gone: vmctl reset ${rowId} remove`,
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
  /** Whether the VM runs on that node, from a reading that is at most 2 s old: two steps in a row ask once. */
  readonly power: (node: string, vmid: number, signal: AbortSignal) => Promise<PowerReading>;
  /** Reads anew at the next call: the VM was not where it was expected. */
  readonly forget: () => void;
}

/** Readings older than this do not allow a destructive call (design, section 6). */
const maxAgeMs = 10_000;
const maxPowerAgeMs = 2_000;

export function createVmFinder(row: VmRow, openCluster: () => Promise<Cluster>, clock: Clock): VmFinder {
  let reading: { vm: IdentifiedVm | undefined; at: number } | undefined;
  let power: { reading: PowerReading; node: string; at: number } | undefined;
  return {
    cluster: openCluster,
    async identified() {
      if (reading && clock.monotonic() - reading.at <= maxAgeMs) return reading.vm;
      const at = clock.monotonic();
      reading = { vm: row.vm_id === null ? undefined : await find(await openCluster(), row, row.vm_id, clock), at };
      return reading.vm;
    },
    async power(node, vmid, signal) {
      if (power?.node === node && clock.monotonic() - power.at <= maxPowerAgeMs) return power.reading;
      const at = clock.monotonic();
      power = { reading: await (await openCluster()).watch.power(node, vmid, { signal }), node, at };
      return power.reading;
    },
    forget() {
      reading = undefined;
      power = undefined;
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
      throw new IdentityMismatch(`${vmid} on ${cluster.name} is a container, the row names a VM`, row.id);
    try {
      const config = await cluster.vmConfig(place.node, vmid);
      if (config.lock === 'destroyed' && uuidOf(config) === undefined) throw halfDestroyed(row.id, vmid, place.node);
      const identity = checkIdentity(config, { vmid, uuid: row.vm_uuid, name: row.vm_name });
      if (!identity.ok) throw new IdentityMismatch(identity.message, row.id);
      return { vmid, cluster: cluster.name, node: place.node, config, uuid: identity.uuid, ha: place.ha };
    } catch (error) {
      if (!(error instanceof ProxmoxError && error.reason === 'gone')) throw error;
    }
    await clock.sleep(lookAgainMs);
  }
  throw new StepFailure(
    `VM ${vmid} is on none of the nodes that ${cluster.name} names for it`,
    `wait until its migration has ended, then: vmctl reset ${row.id} terminate`,
  );
}

/** A destroy that is cut off in its last phase leaves a configuration with nothing but this lock. */
function halfDestroyed(rowId: number, vmid: number, node: string): StepFailure {
  return new StepFailure(
    `VM is locked (destroyed): an earlier destroy was interrupted, and nothing is left to identify VM ${vmid} by`,
    `root finishes it on ${node}: qm destroy ${vmid} --skiplock; then: vmctl reset ${rowId} terminate`,
  );
}

/** Unreachable or invisible is not gone: only a quorate cluster that calls the VMID free proves it. */
async function provenGone(cluster: Cluster, vmid: number): Promise<undefined> {
  if (!(await cluster.quorate())) throw new Outage(`cluster ${cluster.name} has no quorum`);
  if (await cluster.isVmidFree(vmid)) return undefined;
  const reason = `VM ${vmid} cannot be seen on ${cluster.name}, but its VMID is not free`;
  throw new StepFailure(reason, `give the token of ${cluster.name} VM.Audit on /vms/${vmid}`, new UsageError(reason));
}
