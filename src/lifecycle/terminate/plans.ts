import { planRemoval } from '../../dns/removal.ts';
import { findBackups, uuidOfBackup } from '../../proxmox/backups.ts';
import type { Cluster } from '../../proxmox/cluster.ts';
import { waitsForLock } from '../../proxmox/refusals.ts';
import type { PlanContext } from '../context.ts';
import type { StepPlan } from '../pipeline.ts';
import { addressesOf } from '../vm-addresses.ts';
import { vmOf } from './delete-dns.ts';
import { refusalOf } from './may-act.ts';
import { stopSeconds } from './stop-request.ts';

const nothing: StepPlan = { changes: [] };

export async function planPreflight({ row, vm, settings }: PlanContext): Promise<StepPlan> {
  if (row.vm_id === null) return nothing;
  const found = await vm.identified();
  if (!found) return nothing;
  const refusal = refusalOf(settings, found);
  if (refusal) return { changes: [], ends: `error_terminate: ${refusal.reason}` };
  const lock = waitsForLock(found.config);
  return { changes: [], ends: lock === undefined ? undefined : `it waits: VM is locked (${lock})` };
}

export async function planStop({ vm, signal }: PlanContext): Promise<StepPlan> {
  const found = await vm.identified();
  if (!found) return nothing;
  const { status } = await vm.power(found.node, found.vmid, signal);
  if (status !== 'running') return nothing;
  return {
    changes: [`POST /nodes/${found.node}/qemu/${found.vmid}/status/shutdown timeout=${stopSeconds} forceStop=1`],
  };
}

export async function planBackups({ row, vm, signal }: PlanContext): Promise<StepPlan> {
  if (row.vm_id === null) return nothing;
  const cluster = await vm.cluster();
  const uuid = (row.vm_uuid ?? (await vm.identified())?.uuid)?.toLowerCase();
  const { backups } = await findBackups(cluster, row.vm_id, { signal });
  const changes = await Promise.all(
    backups.map(async ({ node, storage, volid, protected: kept }) => {
      if (kept) return `keep ${volid} (protected)`;
      const owner = await ownerOf(cluster, node, volid);
      return owner !== undefined && owner === uuid
        ? `DELETE /nodes/${node}/storage/${storage}/content/${volid}`
        : `keep ${volid} (of another VM, or whose it is cannot be told)`;
    }),
  );
  return { changes };
}

async function ownerOf(cluster: Cluster, node: string, volid: string): Promise<string | undefined> {
  return uuidOfBackup(cluster, node, volid).catch(() => undefined);
}

export async function planDns({ row, db, settings }: PlanContext): Promise<StepPlan> {
  const { all } = await addressesOf(db, row);
  return {
    changes: planRemoval(settings.dns.zones, vmOf(row, all)).flatMap(({ zone, name, edits }) =>
      edits.map(({ type }) => `delete ${type} ${name} [${zone.provider}] ${zone.zone}, if it is there`),
    ),
  };
}

export async function planDelete({ vm }: PlanContext): Promise<StepPlan> {
  const found = await vm.identified();
  return { changes: found ? [`DELETE /nodes/${found.node}/qemu/${found.vmid} purge=1`] : [] };
}

export async function planClean({ row, db }: PlanContext): Promise<StepPlan> {
  const { all, service } = await addressesOf(db, row);
  return {
    changes: [
      ...(service ? [`clear dedicatedip, assignedips and domain of service ${service.id}`] : []),
      ...all.map((address) => `quarantine ${address}`),
      ...(row.vm_id === null ? [] : [`quarantine VMID ${row.vm_id}`]),
    ],
  };
}
