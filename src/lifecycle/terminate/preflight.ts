import { disksOf } from '../../proxmox/disks.ts';
import type { StepContext } from '../context.ts';
import type { IdentifiedVm } from '../find-vm.ts';
import type { Outcome } from '../pipeline.ts';
import { waitForLock } from './may-act.ts';

/**
 * Looks whether the attempt may start: the VM is the one in the row, nothing in its configuration makes the DELETE fail
 * anyway, and no backup, clone, migration or snapshot holds its lock.
 */
export async function preflight(context: StepContext): Promise<Outcome> {
  const { row, say, vm, signal } = context;
  if (row.vm_id === null) {
    say('no VM to delete');
    return { kind: 'skipped', why: 'the row has no VMID' };
  }
  const cluster = await vm.cluster();
  const found = await vm.identified();
  if (!found) {
    say(`remote status: gone, vmid: ${row.vm_id}`);
    return { kind: 'done', learned: { cluster: cluster.name } };
  }
  const locked = waitForLock(context, found);
  if (locked) return locked;
  const { status } = await vm.power(found.node, found.vmid, signal);
  say(`remote status: ${status}, vmid: ${found.vmid}`);
  return {
    kind: 'done',
    learned: { cluster: cluster.name, node: found.node, ...learnedUuid(row, found) },
    progress: { volumes: disksOf(found.config).map(({ volid }) => volid) },
  };
}

/** A row that was identified by its name has its backups told apart by the uuid, too. */
function learnedUuid(row: StepContext['row'], found: IdentifiedVm): { vm_uuid?: string } {
  return row.vm_uuid === null && found.uuid !== undefined ? { vm_uuid: found.uuid } : {};
}
