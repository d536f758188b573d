import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { createSite, type Site } from '../../support/site.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url)).replace(/\/$/, '');
const pidFile = '/var/run/crond.pid';

let site: Site;
let cron: ChildProcess | undefined;
let crontab = '';
beforeAll(async () => {
  if (process.getuid?.() !== 0) throw new Error('this test starts cron and writes to /etc/cron.d: run it as root');
  site = await createSite({ speed: 20, zones: ['example.com', '2.0.192.in-addr.arpa'] });
});
afterAll(async () => {
  rmSync(crontab, { force: true });
  cron?.kill('SIGTERM');
  await site.close();
});

/** Whether a cron of this machine runs already, as its own lock would tell it. */
function cronRuns(): boolean {
  if (!existsSync(pidFile)) return false;
  const pid = Number(readFileSync(pidFile, 'utf8'));
  try {
    return pid > 0 && readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'cron';
  } catch {
    return false;
  }
}

/** crontab.example for this checkout and for cron.d, which names the user: nothing else of it is changed. */
function exampleCrontab(): string {
  const example = readFileSync(join(root, 'crontab.example'), 'utf8').replaceAll('/opt/vmctl', root);
  expect(example).toContain(`\n* * * * * cd ${root} && bin/vmctl.js cron\n`);
  return example.replace('\n* * * * * ', '\n* * * * * root ');
}

/** A shell for cron's jobs that keeps what cron would mail, and how the job ended. */
function shellThatKeeps(mail: string): string {
  const shell = join(site.folder, 'shell');
  writeFileSync(shell, `#!/bin/sh\n/bin/sh "$@" >>'${mail}' 2>&1\necho "exit $?" >>'${mail}'\n`, { mode: 0o755 });
  return shell;
}

it('real cron, with the line of crontab.example and its bare environment, terminates a VM and mails nothing', {
  timeout: 150_000,
}, async () => {
  const name = '2003-1776530141.example.com.';
  await site.dns.zone('example.com').put({ name, type: 'A', ttl: 300, records: [{ content: '192.0.2.10' }] });
  const reverse = { name: '10.2.0.192.in-addr.arpa.', type: 'PTR', ttl: 300, records: [{ content: name }] };
  await site.dns.zone('2.0.192.in-addr.arpa').put(reverse);
  const service = { id: 5546, userid: 7 };
  const row = await site.addVm({ vm: { vmid: 2003 }, addresses: ['192.0.2.10'], service });

  const mail = join(site.folder, 'mail');
  // cron gives a job the variables that its crontab sets, and a .env would be the checkout's own.
  const settings = Object.entries(site.env).map(([variable, value]) => `${variable}=${value}`);
  crontab = `/etc/cron.d/vmctl-test-${process.pid}`;
  writeFileSync(crontab, [`SHELL=${shellThatKeeps(mail)}`, ...settings, exampleCrontab()].join('\n'));
  chmodSync(crontab, 0o644);
  if (!cronRuns()) cron = spawn('/usr/sbin/cron', ['-f'], { stdio: 'ignore' });

  const deadline = systemClock.monotonic() + 140_000;
  while (!existsSync(mail) || !readFileSync(mail, 'utf8').includes('exit ')) {
    if (systemClock.monotonic() > deadline) throw new Error('cron has started nothing');
    await systemClock.sleep(200);
  }
  rmSync(crontab);
  expect(readFileSync(mail, 'utf8')).toBe('exit 0\n');
  expect(await site.row(row.id)).toMatchObject({ vm_status: 'remove', vm_id: null, domain: null });
  expect(site.proxmox.world.vms[2003]).toBeUndefined();
  expect(await site.dns.zone('example.com').records()).toEqual({});
  expect(await site.dns.zone('2.0.192.in-addr.arpa').records()).toEqual({});
  expect(await site.service(5546)).toEqual({ dedicatedip: '', assignedips: '', domain: '' });
  expect(await site.activity()).toMatchObject([
    { description: expect.stringContaining('Service terminated successfully') },
  ]);
});
