import { exitCodes, UsageError } from '../../base/errors.ts';
import type { CommandSpec } from '../command.ts';
import { printLine } from '../print.ts';

const things = ['bash', 'zsh', 'fish', 'man'];

export const generate: CommandSpec = {
  usage: 'generate <what>',
  description: 'Prints shell completion (bash, zsh, fish) or the man page (man), made from these very commands.',
  choices: [things],
  examples: ['source <(vmctl generate bash)', 'vmctl generate man >/usr/local/share/man/man1/vmctl.1'],
  run: async ({ words: [what = ''], program }) => {
    const { generate: make } = await import('../generate.ts');
    const text = make(what, program);
    if (text === undefined) {
      throw new UsageError(`unknown ${JSON.stringify(what)}`, { cure: `expected one of ${things.join(', ')}` });
    }
    printLine(text);
    return exitCodes.done;
  },
};
