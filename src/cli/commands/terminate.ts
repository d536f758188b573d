import { exitCodes, RefusedError } from '../../base/errors.ts';
import type { CommandSpec, Typed } from '../command.ts';
import { printLine } from '../print.ts';
import { rowText } from '../row-text.ts';
import { type Session, withInstallation } from '../session.ts';

export const terminate: CommandSpec = {
  usage: 'terminate <id>',
  description:
    "Does what the panel's Terminate does: sends the stop without waiting, queues the row, leaves the rest to cron.",
  examples: ['vmctl terminate 42', 'vmctl terminate service:5546'],
  run: (typed) => withInstallation(typed, (session) => request(session, typed)),
};

async function request(session: Session, { words: [id = ''] }: Typed): Promise<number> {
  const { db } = session;
  const { resolveRow } = await import('../resolve-row.ts');
  const { requestState } = await import('../../records/operator.ts');
  const row = await resolveRow(db, id);
  if (row.vm_status === 'remove') {
    throw new RefusedError(`${rowText(row)}: its VM is gone already`, {
      cure: `nothing was changed; to look at it: vmctl show ${row.id}`,
    });
  }
  const { sendStop } = await import('../../engine/send-stop.ts');
  const stopped = await sendStop(session, row);
  await requestState(db, row, 'terminate');
  printLine(`row ${row.id}: ${row.vm_status} → terminate${stopped ? ', stop request sent' : ''}; cron does the rest`);
  return exitCodes.done;
}
