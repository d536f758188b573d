import { exitCodes, RefusedError } from '../../base/errors.ts';
import { requestState } from '../../records/operator.ts';
import type { CommandSpec, Typed } from '../command.ts';
import { printLine } from '../print.ts';
import { resolveRow } from '../resolve-row.ts';
import { rowText } from '../row-text.ts';
import { type Session, withInstallation } from '../session.ts';

export const terminate: CommandSpec = {
  usage: 'terminate <id>',
  description:
    "Does what the panel's Terminate does: sends the stop without waiting and queues the row; cron does the rest.",
  examples: ['vmctl terminate service:5546'],
  run: (typed) => withInstallation(typed, (session) => request(session, typed)),
};

async function request(session: Session, { words: [id = ''] }: Typed): Promise<number> {
  const { db } = session;
  const row = await resolveRow(db, id);
  if (row.vm_status === 'remove') throw new RefusedError(`${rowText(row)}: its VM is gone already`);
  const { sendStop } = await import('../../engine/send-stop.ts');
  const stopped = await sendStop(session, row);
  await requestState(db, row, 'terminate');
  printLine(`row ${row.id}: ${row.vm_status} → terminate${stopped ? ', stop request sent' : ''}`);
  return exitCodes.done;
}
