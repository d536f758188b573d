import { exitCodes, UsageError } from '../../base/errors.ts';
import { allStates } from '../../lifecycle/states.ts';
import { findRows } from '../../records/vm-row.ts';
import type { CommandSpec } from '../command.ts';
import { printJson, printTable } from '../print.ts';
import { withAddresses } from '../row-json.ts';
import { withInstallation } from '../session.ts';
import { statusColour } from '../status-colour.ts';

export const list: CommandSpec = {
  usage: 'list',
  description: 'Lists the rows with their states.',
  examples: ['vmctl list', 'vmctl list --status error_terminate', 'vmctl list --json'],
  options: [
    ['--status <status>', 'only rows in this state'],
    ['--json', 'as one JSON document'],
  ],
  run: (typed) => {
    const { status, json } = typed.options;
    if (typeof status === 'string' && !allStates.includes(status)) {
      throw new UsageError(`unknown status ${JSON.stringify(status)}`, { cure: 'vmctl states lists them' });
    }
    return withInstallation(typed, async ({ db }) => {
      const rows = await withAddresses(db, await findRows(db, typeof status === 'string' ? { vm_status: status } : {}));
      if (json === true) {
        printJson(rows);
        return exitCodes.done;
      }
      const { default: chalk } = await import('chalk');
      printTable(
        ['ID', 'SERVICE', 'STATUS', 'CLUSTER/NODE', 'VMID', 'NAME', 'ADDRESSES'],
        rows.map((row) => [
          String(row.id),
          String(row.service_id ?? '-'),
          statusColour(chalk, row.vm_status),
          [row.cluster, row.node].filter((part) => part !== null).join('/') || '-',
          String(row.vm_id ?? '-'),
          row.vm_name ?? '-',
          row.addresses.join(' ') || '-',
        ]),
      );
      return exitCodes.done;
    });
  },
};
