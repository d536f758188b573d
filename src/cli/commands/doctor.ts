import { getCompileCacheDir } from 'node:module';
import { redact } from '../../base/redact.ts';
import type { Finding } from '../../doctor/finding.ts';
import { clockOf } from '../../settings/clock-setting.ts';
import type { CommandSpec } from '../command.ts';
import { printJson, printLine } from '../print.ts';
import { readSettings } from '../session.ts';

export const doctor: CommandSpec = {
  usage: 'doctor',
  description:
    'Looks at every credential, right, certificate, zone, clock and file mode, and says what to do about what is wrong. Changes nothing.',
  examples: ['vmctl doctor', 'vmctl doctor --json     # every finding as one JSON document'],
  options: [
    ['--json', 'as one JSON document'],
    ['--list', 'only what would be looked at, as Markdown'],
  ],
  run: async (typed) => {
    if (typed.options.list === true) {
      const { checkList } = await import('../../doctor/registry.ts');
      printLine(checkList());
      return 0;
    }
    const settings = readSettings(typed);
    const { runDoctor } = await import('../../doctor/run.ts');
    const { findings, exitCode } = await runDoctor({
      settings,
      clock: clockOf(settings.clock),
      random: Math.random,
      env: process.env,
      cwd: process.cwd(),
      compileCache: getCompileCacheDir(),
    });
    if (typed.options.json === true) printJson({ healthy: exitCode === 0, findings });
    else await print(findings);
    return exitCode;
  },
};

async function print(findings: readonly Finding[]): Promise<void> {
  const { default: chalk } = await import('chalk');
  const word = { ok: chalk.green('OK  '), warning: chalk.yellow('WARN'), failure: chalk.red('FAIL') };
  for (const { check, subject, state, found, cure } of findings) {
    printLine(redact(`${word[state]} ${check}: ${subject}: ${found}`));
    if (state !== 'ok') printLine(redact(`       ${cure ?? ''}`));
  }
  const count = (state: Finding['state']) => findings.filter((finding) => finding.state === state).length;
  printLine(`${count('failure')} failed, ${count('warning')} warnings, ${count('ok')} fine`);
}
