import { exitCodes, UsageError } from '../../base/errors.ts';
import { keptRuns, readLog } from '../../records/vm-log.ts';
import type { CommandSpec, Typed } from '../command.ts';
import { printJson, printLine } from '../print.ts';
import { type Session, withInstallation } from '../session.ts';

const followMs = 1_000;

export const log: CommandSpec = {
  usage: 'log <id>',
  description: `Shows what was done to a VM: its last ${keptRuns} runs, the newest last, with phases, times and errors.`,
  examples: ['vmctl log 42', 'vmctl log 42 --follow            # until Ctrl-C', 'vmctl log service:5546 --json'],
  options: [
    ['--follow', 'go on printing what is added'],
    ['--json', 'as one JSON document, the newest run first'],
  ],
  run: (typed) => {
    if (typed.options.follow === true && typed.options.json === true) {
      throw new UsageError('--follow and --json exclude each other: one JSON document has an end');
    }
    return withInstallation(typed, (session) => print(session, typed));
  },
};

async function print({ db, settings, clock }: Session, { words: [id = ''], options }: Typed): Promise<number> {
  const { resolveRow } = await import('../resolve-row.ts');
  const row = await resolveRow(db, id);
  if (options.json === true) {
    printJson(await readLog(db, row.id, keptRuns));
    return exitCodes.done;
  }
  const { default: chalk } = await import('chalk');
  const { createLogPrinter } = await import('../log-text.ts');
  const printer = createLogPrinter(chalk, settings.timeZone);
  for (;;) {
    for (const line of printer.lines(await readLog(db, row.id, keptRuns))) printLine(line);
    if (options.follow !== true) return exitCodes.done;
    await clock.sleep(followMs);
  }
}
