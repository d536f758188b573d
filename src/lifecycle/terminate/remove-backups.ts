import { type BackupVolume, findBackups, uuidOfBackup } from '../../proxmox/backups.ts';
import type { Cluster } from '../../proxmox/cluster.ts';
import { ProxmoxError } from '../../proxmox/errors.ts';
import { waitForTask } from '../../proxmox/tasks.ts';
import type { StepContext } from '../context.ts';
import type { Outcome } from '../pipeline.ts';
import { waitForLock } from './may-act.ts';

/** Long enough for a storage that answers at all; a backup that takes longer is reported as kept. */
const deletionMs = 120_000;

/**
 * Removes the VM's backups from every storage of every node that can hold them. Best effort: errors are printed and
 * ignored. A backup goes only if the uuid in its own configuration is the VM's: its VMID may have had another owner.
 */
export async function removeBackups(context: StepContext): Promise<Outcome> {
  const { row, say, vm } = context;
  if (row.vm_id === null) return { kind: 'skipped', why: 'no VM' };
  const found = await vm.identified();
  const locked = found && waitForLock(context, found);
  if (locked) return locked;
  say('removing backups');
  const cluster = await vm.cluster();
  const uuid = (row.vm_uuid ?? found?.uuid)?.toLowerCase();
  const complete = await removeAll(context, cluster, row.vm_id, uuid);
  say(complete ? 'backups removed' : 'backups removed, except those above');
  return { kind: 'done' };
}

async function removeAll(
  context: StepContext,
  cluster: Cluster,
  vmid: number,
  uuid: string | undefined,
): Promise<boolean> {
  const { complain, signal } = context;
  try {
    const { backups, errors } = await findBackups(cluster, vmid, { signal });
    for (const { node, storage, error } of errors) complain(`backup ERR ${storage} on ${node}: ${error.text}`);
    const removed = await Promise.all(backups.map((backup) => remove(context, cluster, backup, uuid)));
    return errors.length === 0 && removed.every((done) => done);
  } catch (error) {
    if (!(error instanceof ProxmoxError)) throw error;
    complain(`backup ERR ${error.text}`);
    return false;
  }
}

async function remove(
  context: StepContext,
  cluster: Cluster,
  backup: BackupVolume,
  uuid: string | undefined,
): Promise<boolean> {
  const { say, complain, signal } = context;
  const { volid, node, storage } = backup;
  try {
    if (backup.protected) {
      say(`backup kept (protected): ${volid}`);
      return false;
    }
    const owner = await uuidOfBackup(cluster, node, volid);
    if (owner === undefined || owner !== uuid) {
      say(`backup kept (${owner === undefined ? 'whose it is cannot be told' : 'of another VM'}): ${volid}`);
      return false;
    }
    const upid = await cluster.deleteVolume(node, storage, volid);
    const exit = upid === null ? undefined : await waitForTask(cluster, upid, { timeoutMs: deletionMs, signal });
    if (exit && !exit.ok) throw exit.error;
    return true;
  } catch (error) {
    if (!(error instanceof ProxmoxError)) throw error;
    if (error.reason === 'protected') say(`backup kept (protected): ${volid}`);
    else complain(`backup ERR ${volid}: ${error.text}`);
    return false;
  }
}
