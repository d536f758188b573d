import { chmodSync, copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import type { Check } from '../../../src/doctor/context.ts';
import { ok } from '../../../src/doctor/finding.ts';
import { runDoctor } from '../../../src/doctor/run.ts';
import { loadSettings } from '../../../src/settings/load.ts';
import { createSite, type Site } from '../../support/site.ts';
import { examine } from './examine.ts';

let site: Site;
beforeAll(async () => {
  site = await createSite({ database: 'sqlite', speed: 2 });
});
afterAll(() => site.close());

const at = (name: string) => join(site.folder, name);

it('names a YAML file with secrets that everybody can read, in the process as well', async () => {
  chmodSync(site.config, 0o644);
  const { code, stdout } = await site.vmctl(['doctor']);
  chmodSync(site.config, 0o600);
  expect(stdout).toContain(
    `FAIL files: YAML ${site.config}: its mode is 0644: everybody on this host can read its secrets\n       chmod 600 '${site.config}'\n`,
  );
  expect(code).toBe(2);
});

it('names a .env that others can read or write', async () => {
  writeFileSync(at('.env'), 'PDNS_KEY=0123456789\n');
  chmodSync(at('.env'), 0o604);
  const readable = await examine(site, ['files']);
  chmodSync(at('.env'), 0o602);
  const writable = await examine(site, ['files']);
  chmodSync(at('.env'), 0o640);
  const forGroup = await examine(site, ['files']);
  expect(readable.wrong).toEqual([
    `failure .env ${at('.env')}: its mode is 0604: everybody on this host can read its secrets => chmod 600 '${at('.env')}'`,
  ]);
  expect(writable.wrong).toEqual([expect.stringMatching(/^failure \.env .*can change it => chmod o-rwx/)]);
  expect(forGroup.wrong).toEqual([]);
  expect(readable.exitCode).toBe(2);
});

it('names the file behind a NAME_FILE, of an option and of a variable in the YAML', async () => {
  for (const name of ['hook', 'token']) writeFileSync(at(name), 'https://hook.example.com/secret', { mode: 0o644 });
  const token = /token: '([^']*)'/.exec(readFileSync(site.config, 'utf8'))?.[1] ?? '';
  writeFileSync(at('token'), token);
  const found = await examine(site, ['files'], {
    yaml: (text) => text.replace(/token: '[^']*'/, 'token: $' + '{PVE_TOKEN}'),
    env: { ALERT_WEBHOOK_URL_FILE: at('hook'), PVE_TOKEN_FILE: at('token') },
  });
  expect(found.wrong).toEqual([
    expect.stringMatching(/^failure key file .*hook: its mode is 0644/),
    expect.stringMatching(/^failure key file .*token: its mode is 0644/),
  ]);
});

it('only warns of a readable YAML file that holds no secret', async () => {
  const plain = at('plain.yaml');
  copyFileSync(site.config, plain);
  writeFileSync(
    plain,
    readFileSync(plain, 'utf8').replace(/token: '[^']*'/, 'token: $' + '{PVE_TOKEN}  # a token: or so'),
  );
  chmodSync(plain, 0o644);
  const env = { ...site.env, VMCTL_CONFIG: plain, PVE_TOKEN: 'vmctl@pve!cron=0123456789' };
  const settings = loadSettings({ env, cwd: site.folder, flags: {} });
  const { files } = await import('../../../src/doctor/files.ts');
  const ports = { settings, clock: systemClock, random: () => 0.5, env, cwd: site.folder, compileCache: undefined };
  const { findings, exitCode } = await runDoctor(ports, [files]);
  expect(findings.find(({ subject }) => subject === `YAML ${plain}`)).toMatchObject({
    state: 'warning',
    cure: `chmod 640 '${plain}'`,
  });
  expect(exitCode).toBe(0);
});

it('names folders that cannot be written', async () => {
  writeFileSync(at('a-file'), '');
  const found = await examine(site, ['folders'], {
    env: { VMCTL_DATABASE_URL: `sqlite:${at('a-file/deep/vmctl.sqlite')}`, METRICS_TEXTFILE: at('a-file/vmctl.prom') },
  });
  expect(found.wrong).toEqual([
    expect.stringMatching(/^failure state folder: .* cannot be written by this user => let the user that runs vmctl/),
    expect.stringMatching(/^failure METRICS_TEXTFILE: /),
  ]);
  expect((await examine(site, ['folders'])).wrong).toEqual([]);
});

it('lets no check that breaks or hangs stop the others', async () => {
  const settings = loadSettings({ env: site.env, cwd: site.folder, flags: {} });
  const checks: Check[] = [
    { name: 'broken', looksAt: '', run: () => Promise.reject(new Error('a mistake')) },
    { name: 'hangs', looksAt: '', run: () => new Promise(() => {}) },
    { name: 'fine', looksAt: '', run: async () => [ok('it', 'works')] },
  ];
  const clock = { ...systemClock, sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(ms / 1000, signal) };
  const ports = { settings, clock, random: () => 0.5, env: {}, cwd: site.folder, compileCache: undefined };
  const { findings } = await runDoctor(ports, checks);
  expect(findings.map(({ check, state, found }) => [check, state, found])).toEqual([
    ['broken', 'failure', 'a mistake'],
    ['hangs', 'failure', 'no result within 30 s'],
    ['fine', 'ok', 'works'],
  ]);
});
