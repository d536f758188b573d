import { exitCodes } from '../../base/errors.ts';
import { isError } from '../../lifecycle/states.ts';
import type { CommandSpec } from '../command.ts';
import { printJson, printLine } from '../print.ts';
import { resolveRow } from '../resolve-row.ts';
import { withAddresses } from '../row-json.ts';
import { withInstallation } from '../session.ts';
import { statusColour } from '../status-colour.ts';

export const show: CommandSpec = {
  usage: 'show <id>',
  description: 'Shows one row in full, with a red banner on an error.',
  examples: ['vmctl show 42', 'vmctl show vmid:2003 --json'],
  options: [['--json', 'as one JSON document']],
  run: (typed) =>
    withInstallation(typed, async ({ db }) => {
      const [row] = await withAddresses(db, [await resolveRow(db, typed.words[0] ?? '')]);
      if (!row) return exitCodes.done;
      if (typed.options.json === true) {
        printJson(row);
        return exitCodes.done;
      }
      const { default: chalk } = await import('chalk');
      if (isError(row.vm_status))
        printLine(chalk.bgRed.white.bold(` ${row.vm_status}: ${row.status_message ?? 'no reason given'} `));
      const { addresses, ...columns } = row;
      for (const [column, value] of Object.entries(columns)) {
        const text = column === 'vm_status' ? statusColour(chalk, row.vm_status) : String(value ?? '-');
        printLine(`${column.padEnd(18)} ${text}`);
      }
      printLine(`${'addresses'.padEnd(18)} ${addresses.join(' ') || '-'}`);
      return exitCodes.done;
    }),
};
