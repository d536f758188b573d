import { proveDeath } from '../../proxmox/death.ts';
import type { StepContext } from '../context.ts';
import { StepFailure } from '../failures.ts';
import { IdentityMismatch } from '../find-vm.ts';
import type { Outcome } from '../pipeline.ts';

/**
 * The proof that ends DELETE VM: the VMID is free on a quorate cluster, and none of its volumes is left. Left-over volumes
 * do not hold the row: they are deleted where the token may, else named for a human.
 */
export async function proveGone(context: StepContext): Promise<Outcome> {
  const { row, vm, progress, say, complain, signal } = context;
  if (row.vm_id === null) return { kind: 'done' };
  const cluster = await vm.cluster();
  const death = await proveDeath(cluster, {
    vmid: row.vm_id,
    node: row.node ?? undefined,
    volumes: progress.volumes ?? [],
    signal,
  });
  if (!death.gone) return goneOrNot(context, death.why);
  for (const volid of death.deleted) say(`volume deleted that the destroy task had left: ${volid}`);
  for (const note of death.notes) complain(note);
  if (death.left.length === 0) return { kind: 'done' };
  const message = `volumes left on ${cluster.name}: ${death.left.join(', ')}; delete them by hand (pvesm free <volume>)`;
  complain(message);
  return { kind: 'done', message };
}

/** A freed VMID is handed out at once: a stranger under it is no sign that this VM lives. */
async function goneOrNot({ row, vm, say }: StepContext, why: string): Promise<Outcome> {
  vm.forget();
  try {
    if (!(await vm.identified())) return { kind: 'done' };
  } catch (error) {
    if (!(error instanceof IdentityMismatch)) throw error;
    say(`VMID ${row.vm_id} has been taken by another VM meanwhile`);
    return { kind: 'done' };
  }
  throw new StepFailure(
    `the destroy task has ended, but ${why}`,
    `look at that task in Proxmox, then: vmctl reset ${row.id} terminate`,
  );
}
