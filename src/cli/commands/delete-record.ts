import { exitCodes, RefusedError } from '../../base/errors.ts';
import type { CommandSpec, Typed } from '../command.ts';
import { printLine } from '../print.ts';
import { rowText } from '../row-text.ts';
import { type Session, withInstallation } from '../session.ts';

const deletable = ['error_terminate', 'remove'] as const;

export const deleteRecord: CommandSpec = {
  usage: 'delete-record <id>',
  description: `Deletes a row that is in ${deletable.join(' or ')}. Touches neither Proxmox nor tblhosting.`,
  examples: ['vmctl delete-record 42', 'vmctl delete-record 42 --yes    # without asking'],
  options: [['--yes', 'do not ask']],
  run: (typed) => withInstallation(typed, (session) => remove(session, typed)),
};

async function remove({ db }: Session, { words: [id = ''], options }: Typed): Promise<number> {
  const { resolveRow } = await import('../resolve-row.ts');
  const { confirm } = await import('../ask.ts');
  const { deleteRow } = await import('../../records/operator.ts');
  const row = await resolveRow(db, id);
  if (!deletable.some((state) => state === row.vm_status)) {
    throw new RefusedError(`${rowText(row)}: only rows in ${deletable.join(' or ')} can be deleted`, {
      cure: `nothing was changed; to destroy its VM: vmctl terminate ${row.id}`,
    });
  }
  process.stderr.write(
    `${rowText(row)}: this removes the row only. It does not touch Proxmox or tblhosting: a VM that still exists goes on running.\n`,
  );
  await confirm('Delete the row?', options.yes === true);
  const result = await deleteRow(db, row, deletable);
  if (result !== 'done') {
    const { changedError, claimedError } = await import('../holder.ts');
    throw result === 'changed' ? changedError(row) : await claimedError(db, row, 'wait until it has ended');
  }
  printLine(`row ${row.id} deleted; its addresses and VMID stay in quarantine until the VM has been seen to be gone`);
  return exitCodes.done;
}
