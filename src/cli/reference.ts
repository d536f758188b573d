import type { Command } from 'commander';
import { createProgram } from './program.ts';

/** Of a line of help, so that the page is the same from wherever it is printed. */
const width = 110;

function helpOf(command: Command): string {
  let help = '';
  command.configureOutput({
    writeOut: (text) => {
      help += text;
    },
    getOutHelpWidth: () => width,
    getOutHasColors: () => false,
  });
  command.outputHelp();
  return help.trim();
}

/** The help of every command, in Markdown: what `docs/commands.md` holds. */
export function commandReference(): string {
  const program = createProgram(() => {});
  const sections = [program, ...program.commands].map((command) => {
    const name = command === program ? 'vmctl' : `vmctl ${command.name()}`;
    return `## ${name}\n\n\`\`\`text\n${helpOf(command)}\n\`\`\``;
  });
  return sections.join('\n\n');
}
