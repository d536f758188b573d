import { exitCodes, RefusedError, UsageError } from '../../base/errors.ts';
import { resetTargets } from '../../lifecycle/states.ts';
import { resetRow } from '../../records/operator.ts';
import type { CommandSpec, Typed } from '../command.ts';
import { printLine } from '../print.ts';
import { resolveRow } from '../resolve-row.ts';
import { rowText } from '../row-text.ts';
import { type Session, withInstallation } from '../session.ts';

export const reset: CommandSpec = {
  usage: 'reset <id> <status>',
  description: `Puts a row into a state by hand; its pipeline starts over from there. Targets:\n${Object.entries(
    resetTargets,
  )
    .map(([target, use]) => `  ${target.padEnd(16)} ${use}`)
    .join('\n')}`,
  examples: [
    'vmctl reset 42 terminate             # try the termination again',
    'vmctl reset service:5546 remove      # you deleted the VM by hand',
  ],
  options: [['--force', 'also take the row from a tick that works on it now']],
  run: (typed) => {
    const [, status = ''] = typed.words;
    if (!(status in resetTargets)) {
      throw new UsageError(`unknown status ${JSON.stringify(status)}`, {
        cure: `expected one of ${Object.keys(resetTargets).join(', ')}`,
      });
    }
    return withInstallation(typed, (session) => resetTo(session, typed, status));
  },
};

async function resetTo({ db }: Session, { words: [id = ''], options }: Typed, status: string): Promise<number> {
  const row = await resolveRow(db, id);
  const result = await resetRow(db, row, status, options.force === true);
  if (result === 'claimed') {
    throw new RefusedError(`${rowText(row)}: a tick is working on it`, {
      cure: 'wait until it has ended, or repeat with --force',
    });
  }
  if (result === 'changed')
    throw new RefusedError(`${rowText(row)}: its state has changed meanwhile`, {
      cure: 'look at it again: vmctl show',
    });
  printLine(`row ${row.id}: ${row.vm_status} → ${status}`);
  if (status === 'remove') {
    printLine(
      'Proxmox was not touched. Its addresses and VMID stay in quarantine until the VM has been seen to be gone.',
    );
  }
  return exitCodes.done;
}
