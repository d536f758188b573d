import { exitCodes } from '../../base/errors.ts';
import type { CommandSpec } from '../command.ts';

export const demo: CommandSpec = {
  usage: 'demo',
  description:
    'Shows everything on this machine alone: a simulated Proxmox VE and DNS, a database in a temporary folder, and a real tick over them.',
  examples: ['vmctl demo'],
  options: [['--keep', 'keep the temporary folder and print its path']],
  run: async ({ options }) => {
    const { runDemo } = await import('../demo/run.ts');
    await runDemo(options.keep === true);
    return exitCodes.done;
  },
};
