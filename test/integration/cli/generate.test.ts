import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { runVmctl } from '../../support/process.ts';

async function generated(what: string): Promise<string> {
  const { stdout, code } = await runVmctl(['generate', what]);
  expect(code).toBe(0);
  return stdout;
}

/** What bash itself offers after these words. */
async function offered(...words: string[]): Promise<string[]> {
  const script = `${await generated('bash')}\nCOMP_WORDS=(vmctl "$@"); COMP_CWORD=$#; _vmctl; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return spawnSync('bash', ['-c', script, 'bash', ...words], { encoding: 'utf8' })
    .stdout.trim()
    .split('\n');
}

it('completes commands, their options and known arguments in bash', async () => {
  expect(await offered('re')).toEqual(['reset']);
  expect(await offered('cron', '--dry')).toEqual(['--dry-run']);
  expect(await offered('reset', '42', 'set_')).toEqual(['set_ip', 'set_dns_records']);
  expect(await offered('db', 'mi')).toEqual(['migrate']);
});

it.each(['zsh', 'fish'])('knows every command and option in %s', async (shell) => {
  const script = await generated(shell);
  for (const word of ['cron', 'delete-record', 'terminate', 'max-runtime', 'set_dns_records'])
    expect(script).toContain(word);
});

it('prints a man page of the same commands', async () => {
  const page = await generated('man');
  expect(page).toMatch(/^\.TH VMCTL 1/);
  for (const text of [
    'vmctl reset <id> <status>',
    'vmctl delete\\-record <id>',
    '\\-\\-dry\\-run',
    '.SH EXIT STATUS',
  ]) {
    expect(page).toContain(text);
  }
  expect(page).not.toMatch(/^'/m);
});

it('says what it can generate', async () => {
  const { code, stderr } = await runVmctl(['generate', 'powershell']);
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: 'vmctl: unknown "powershell"\n  expected one of bash, zsh, fish, man\n',
  });
});
