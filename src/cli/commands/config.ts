import { exitCodes, UsageError } from '../../base/errors.ts';
import type { CommandSpec } from '../command.ts';
import { printJson, printLine } from '../print.ts';
import { readSettings } from '../session.ts';

export const config: CommandSpec = {
  usage: 'config <action>',
  choices: [['check', 'reference']],
  description: 'Checks the configuration, or prints its reference.',
  details: [
    'Actions:',
    '  check      read everything and say what is wrong, with file and line',
    '  reference  print every setting with its default, as Markdown',
  ],
  examples: [
    'vmctl config check',
    'vmctl config check --json      # what is in force, secrets as ***',
    'vmctl config reference',
  ],
  options: [['--json', 'check: the settings in force as one JSON document']],
  run: async (typed) => {
    switch (typed.words[0]) {
      case 'check': {
        const settings = readSettings(typed);
        const { redactedSettings } = await import('../../settings/redacted.ts');
        if (typed.options.json === true) printJson(redactedSettings(settings));
        else
          printLine(
            `${settings.file ?? 'no YAML file'}: ${settings.clusters.length} clusters, ${settings.dns.zones.length} DNS zones, ${settings.pools.length} pools, ${settings.packages.length} packages: all well formed`,
          );
        return exitCodes.done;
      }
      case 'reference': {
        const { printReference } = await import('../../settings/reference.ts');
        printLine(printReference());
        return exitCodes.done;
      }
      default:
        throw new UsageError(`unknown action ${JSON.stringify(typed.words[0])}`, {
          cure: 'expected check or reference',
        });
    }
  },
};
