import type { Command } from 'commander';
import { version } from './version.ts';

/** A command as completion and the man page need it. */
interface Entry {
  readonly name: string;
  readonly description: string;
  /** Long flags with what they do. */
  readonly options: readonly { readonly flag: string; readonly flags: string; readonly description: string }[];
  /** Known values of its arguments. */
  readonly choices: readonly string[];
  readonly usage: string;
}

function entriesOf(program: Command): Entry[] {
  return program.commands.map((command) => ({
    name: command.name(),
    description: command.description(),
    usage: command.usage().replace('[options] ', ''),
    choices: command.registeredArguments.flatMap(({ argChoices = [] }) => argChoices),
    options: command.options.map(({ long, flags, description }) => ({ flag: long ?? flags, flags, description })),
  }));
}

function wordsOf({ options, choices }: Entry): string {
  return [...choices, ...options.map(({ flag }) => flag)].join(' ');
}

function bash(entries: readonly Entry[]): string {
  const cases = entries.map((entry) => `    ${entry.name}) words='${wordsOf(entry)}' ;;`);
  return [
    '# bash completion of vmctl; load it with: source <(vmctl generate bash)',
    '_vmctl() {',
    "  local words=''",
    '  if [ "$COMP_CWORD" -eq 1 ]; then',
    `    words='${entries.map(({ name }) => name).join(' ')} --help --version --config'`,
    `  else case "\${COMP_WORDS[1]}" in`,
    ...cases,
    '  esac fi',
    `  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))`,
    '}',
    'complete -o default -F _vmctl vmctl',
  ].join('\n');
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function zsh(entries: readonly Entry[]): string {
  return [
    '#compdef vmctl',
    '# zsh completion of vmctl; load it with: source <(vmctl generate zsh)',
    '_vmctl() {',
    '  if (( CURRENT == 2 )); then',
    '    local -a commands=(',
    ...entries.map(({ name, description }) => `      ${quoted(`${name}:${description}`)}`),
    '    )',
    "    _describe 'command' commands",
    '  else case $words[2] in',
    ...entries.map((entry) => `    ${entry.name}) compadd -- ${wordsOf(entry)} ;;`),
    '  esac fi',
    '}',
    'compdef _vmctl vmctl',
  ].join('\n');
}

function fish(entries: readonly Entry[]): string {
  const lines = entries.flatMap(({ name, description, options, choices }) => [
    `complete -c vmctl -n __fish_use_subcommand -a ${name} -d ${quoted(description)}`,
    ...choices.map((choice) => `complete -c vmctl -n '__fish_seen_subcommand_from ${name}' -a ${choice}`),
    ...options.map(
      ({ flag, description: what }) =>
        `complete -c vmctl -n '__fish_seen_subcommand_from ${name}' -l ${flag.replace(/^--/, '')} -d ${quoted(what)}`,
    ),
  ]);
  return ['# fish completion of vmctl; load it with: vmctl generate fish | source', ...lines].join('\n');
}

/** Text as roff takes it: no line begins with a control character, and no hyphen turns into a typographic one. */
function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^([.'])/gm, '\\&$1');
}

function man(entries: readonly Entry[], program: Command): string {
  const sections = entries.flatMap(({ name, usage, description, options }) => [
    '.TP',
    `.B ${roff(`vmctl ${name} ${usage}`)}`,
    roff(description),
    ...options.flatMap(({ flags, description: what }) => ['.RS', '.TP', `.B ${roff(flags)}`, roff(what), '.RE']),
  ]);
  return [
    `.TH VMCTL 1 "" "vmctl ${roff(version)}"`,
    '.SH NAME',
    `vmctl \\- ${roff(program.description())}`,
    '.SH SYNOPSIS',
    '.B vmctl',
    '[--config file] command [arguments] [options]'.replaceAll('-', '\\-'),
    '.SH COMMANDS',
    ...sections,
    '.SH EXIT STATUS',
    roff('0 done; 1 internal error; 2 usage, configuration, credentials; 3 a row entered an error state;'),
    roff('5 the database or every cluster is not reachable; 12 refused for safety; 130, 143 ended by a signal.'),
  ].join('\n');
}

const generators = { bash, zsh, fish, man } as const;

/** Completion for a shell, or the man page; undefined for anything else. */
export function generate(what: string, program: Command): string | undefined {
  const generator = Object.entries(generators).find(([name]) => name === what)?.[1];
  return generator?.(entriesOf(program), program);
}
