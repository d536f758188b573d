import { Command, CommanderError } from 'commander';
import { exitCodes } from '../base/errors.ts';
import type { CommandSpec } from './command.ts';
import { commands } from './commands/index.ts';
import { printError, toExitCode } from './failure.ts';
import { version } from './version.ts';

/** What an operator types most, on top of `vmctl --help`. */
const examples = [
  'vmctl cron --verbose                  # one tick by hand, line by line',
  'vmctl list --status error_terminate   # what needs a human',
  'vmctl show service:5546               # one row in full, with what went wrong',
  'vmctl log service:5546                # what was done to its VM',
  'vmctl reset service:5546 terminate    # try again, after mending what was wrong',
];

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

/** The tree of commands, from which `--help` and the command reference come. `end` gets the exit code of what was run. */
export function createProgram(end: (code: number) => void): Command {
  const program = new Command('vmctl')
    .description('Drives the life of KVM virtual machines on Proxmox VE, from rows that a panel writes.')
    .version(version, '-V, --version', 'print the version')
    .option('--config <file>', 'YAML file (default: VMCTL_CONFIG, else config/vmctl.yaml)')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .addHelpText('before', exampleText(examples))
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error:/, 'vmctl:')) })
    .showHelpAfterError('  vmctl --help lists the commands')
    .exitOverride();
  for (const command of commands) addCommand(program, command, end);
  return program;
}

function addCommand(program: Command, command: CommandSpec, end: (code: number) => void): void {
  const sub = program.command(command.usage).summary(command.description).description(command.description);
  sub.showHelpAfterError(`  vmctl ${sub.name()} --help says how it is used`);
  for (const [flags, description, parse] of command.options ?? []) {
    if (parse) sub.option(flags, description, parse);
    else sub.option(flags, description);
  }
  // Kept on the argument without commander's own check: a wrong value gets the command's own, better message.
  for (const [index, values] of (command.choices ?? []).entries()) {
    const argument = sub.registeredArguments[index];
    if (argument) argument.argChoices = [...values];
  }
  sub.addHelpText('before', exampleText(command.examples));
  if (command.details) sub.addHelpText('after', `\n${command.details.join('\n')}`);
  sub.action(async (...given: unknown[]) => {
    const words = given.slice(0, -2).map((word) => (typeof word === 'string' ? word : ''));
    end(await command.run({ words, options: sub.opts(), config: program.opts().config, program }));
  });
}

function exampleText(lines: readonly string[]): string {
  return `Examples:\n${lines.map((line) => `  ${line}`).join('\n')}\n`;
}
