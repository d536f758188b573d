import { exitCodes, UsageError } from '../../base/errors.ts';
import { resetTargets } from '../../lifecycle/states.ts';
import type { CommandSpec, Typed } from '../command.ts';
import { printLine } from '../print.ts';
import { type Session, withInstallation } from '../session.ts';

export const reset: CommandSpec = {
  usage: 'reset <id> <status>',
  choices: [[], Object.keys(resetTargets)],
  description: 'Puts a row into a state by hand; what its pipeline remembered is cleared, so that it starts over.',
  details: [
    'Target states, from any state:',
    ...Object.entries(resetTargets).map(([target, use]) => `  ${target.padEnd(16)} ${use}`),
  ],
  examples: [
    'vmctl reset 42 terminate             # try the termination again',
    'vmctl reset service:5546 remove      # you deleted the VM by hand',
  ],
  options: [['--force', 'also take the row from a tick that is working on it now']],
  run: (typed) => {
    const [, status = ''] = typed.words;
    if (!Object.hasOwn(resetTargets, status)) {
      throw new UsageError(`unknown status ${JSON.stringify(status)}`, {
        cure: `expected one of ${Object.keys(resetTargets).join(', ')}`,
      });
    }
    return withInstallation(typed, (session) => resetTo(session, typed, status));
  },
};

async function resetTo({ db }: Session, { words: [id = ''], options }: Typed, status: string): Promise<number> {
  const { resolveRow } = await import('../resolve-row.ts');
  const { resetRow } = await import('../../records/operator.ts');
  const row = await resolveRow(db, id);
  const result = await resetRow(db, row, status, options.force === true);
  if (result !== 'done') {
    const { changedError, claimedError } = await import('../holder.ts');
    if (result === 'changed') throw changedError(row);
    throw await claimedError(db, row, 'wait until it has ended, or take the row from it: repeat with --force');
  }
  printLine(`row ${row.id}: ${row.vm_status} → ${status}`);
  if (status === 'remove') {
    printLine(
      'Proxmox was not touched. Its addresses and VMID stay in quarantine until the VM has been seen to be gone.',
    );
  }
  return exitCodes.done;
}
