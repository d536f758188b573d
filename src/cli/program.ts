import { Command, CommanderError } from 'commander';
import { exitCodes } from '../base/errors.ts';
import { commands } from './commands/index.ts';
import { printError, toExitCode } from './failure.ts';
import { version } from './version.ts';

/** Runs the command line and gives its exit code (contract, section 4). */
export async function run(argv: readonly string[]): Promise<number> {
  let code: number = exitCodes.done;
  const program = createProgram((result) => {
    code = result;
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    // commander has printed its own complaint.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
    await printError(error);
    return toExitCode(error);
  }
}

/** The tree of commands, from which `--help` and the command reference come. */
export function createProgram(end: (code: number) => void): Command {
  const program = new Command('vmctl')
    .description('Drives the life of KVM virtual machines on Proxmox VE, from rows that a panel writes.')
    .version(version)
    .option('--config <file>', 'YAML file; default: VMCTL_CONFIG, else config/vmctl.yaml')
    .showHelpAfterError('(vmctl --help lists the commands)')
    .exitOverride();
  for (const command of commands) {
    const sub = program.command(command.usage).description(command.description).copyInheritedSettings(program);
    for (const [flags, description, parse] of command.options ?? []) {
      if (parse) sub.option(flags, description, parse);
      else sub.option(flags, description);
    }
    if (command.examples)
      sub.addHelpText('before', `Examples:\n${command.examples.map((line) => `  ${line}`).join('\n')}\n`);
    sub.action(async (...given: unknown[]) => {
      const words = given.slice(0, -2).map((word) => (typeof word === 'string' ? word : ''));
      end(await command.run({ words, options: sub.opts(), config: program.opts().config }));
    });
  }
  return program;
}
