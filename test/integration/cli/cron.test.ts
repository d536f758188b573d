import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { VmRow } from '../../../src/records/vm-row.ts';
import { createSite, type Site } from '../../support/site.ts';

let site: Site;
let vmid = 2000;
beforeAll(async () => {
  site = await createSite({ speed: 30, whmcs: false });
});
afterAll(() => site.close());
beforeEach(async () => {
  await site.db.knex(site.db.vmTable).delete();
});

/** A running VM whose guest takes `shutdownMs` to go down, and its row in `terminate`. */
function addVm(shutdownMs = 3_000, row: Partial<VmRow> = {}): Promise<VmRow> {
  vmid += 1;
  return site.addVm({ vm: { vmid, guest: { shutdownMs } }, row });
}

async function waitFor(condition: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
}

it('a tick that did its work prints nothing, neither on stdout nor on stderr: cron mails nothing', async () => {
  const row = await addVm();
  expect(await site.vmctl(['cron'])).toMatchObject({ code: 0, stdout: '', stderr: '' });
  expect((await site.row(row.id)).vm_status).toBe('remove');
  expect(await site.vmctl(['cron'])).toMatchObject({ code: 0, stdout: '', stderr: '' });
});

it('with --verbose every line is on stdout the moment it happens, and nothing is on stderr', async () => {
  const row = await addVm(60_000);
  const running = site.start(['cron', '--verbose']);
  await running.seen('stop request sent\n');
  expect(site.proxmox.world.vms[vmid]?.running).toBe(true);
  expect(running.output.stdout).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d vmctl cron start\n/);
  const { code, stdout, stderr } = await running.result;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/ {2}vm:\d+ {2}\[terminate\] done \(\d+\.\d\ds\) result=success\n/);
  expect(stdout).toMatch(/ vmctl cron end \(\d+\.\ds total\): processed: 1, errors: 0\n$/);
  expect((await site.row(row.id)).vm_status).toBe('remove');
});

it('with --verbose into a log an error is on stdout and, for the mail, once on stderr', async () => {
  await addVm(3_000, { vm_uuid: '00000000-0000-4000-8000-000000000000' });
  const { code, stdout, stderr } = await site.vmctl(['cron', '--verbose']);
  expect(code).toBe(3);
  expect(stdout).toMatch(/\[terminate\] done \(\d+\.\d\ds\) result=error: the uuid of VM /);
  expect(stderr).toMatch(/^vmctl: vm:\d+ is now error_terminate: the uuid of VM [^\n]*\n$/);
});

it('--verbose goes on with its work when nobody reads it any more', async () => {
  const row = await addVm();
  const bin = fileURLToPath(new URL('../../../bin/vmctl.js', import.meta.url));
  const child = spawn(process.execPath, [bin, 'cron', '--verbose'], {
    env: { ...site.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout.once('data', () => child.stdout.destroy());
  let stderr = '';
  child.stderr.on('data', (text) => {
    stderr += text;
  });
  await once(child, 'close');
  expect({ code: child.exitCode, stderr }).toEqual({ code: 0, stderr: '' });
  expect((await site.row(row.id)).vm_status).toBe('remove');
});

it('--only takes its row whatever it waits for, no other, and runs no duties', async () => {
  const waits = await addVm(3_000, { next_attempt_at: '2999-01-01 00:00:00', progress_for: 'terminate' });
  const other = await addVm();
  await site.db.knex('mod_vmctl_duties').delete();
  expect(await site.vmctl(['cron', '--only', `vmid:${waits.vm_id}`])).toMatchObject({
    code: 0,
    stdout: '',
    stderr: '',
  });
  expect((await site.row(waits.id)).vm_status).toBe('remove');
  expect(await site.row(other.id)).toEqual(other);
  expect(await site.db.knex('mod_vmctl_duties')).toEqual([]);
});

it('--only refuses a row that another tick works on: 12, and that tick goes on undisturbed', async () => {
  const row = await addVm(40_000);
  const running = site.start(['cron', '--verbose']);
  await running.seen('stop request sent');
  const { code, stdout, stderr } = await site.vmctl(['cron', '--only', String(row.id)]);
  expect({ code, stdout }).toEqual({ code: 12, stdout: '' });
  expect(stderr).toMatch(new RegExp(`^vmctl: row ${row.id} is being worked on by another tick\\n {2}wait until`));
  expect(await running.result).toMatchObject({ code: 0 });
  expect((await site.row(row.id)).vm_status).toBe('remove');
});

it('--concurrency bounds the rows in work at once', async () => {
  for (let n = 0; n < 4; n += 1) await addVm();
  const { code, stdout } = await site.vmctl(['cron', '--verbose', '--concurrency', '2']);
  expect(code).toBe(0);
  let working = 0;
  const most = Math.max(
    ...stdout.split('\n').map((line) => {
      if (line.endsWith('] starting')) working += 1;
      if (line.includes('] done (')) working -= 1;
      return working;
    }),
  );
  expect(most).toBe(2);
  expect(stdout).toContain('processed: 4, errors: 0');
});

it('after --max-runtime the rows are given back as they stand, and the next tick goes on with them', async () => {
  const row = await addVm(110_000);
  const { code, stdout } = await site.vmctl(['cron', '--verbose', '--max-runtime', '60']);
  expect(code).toBe(0);
  expect(stdout).toContain('stop request sent');
  expect(stdout).not.toContain('stopped after');
  expect(await site.row(row.id)).toMatchObject({ vm_status: 'terminate', claim_token: null });
  const next = await site.vmctl(['cron', '--verbose']);
  expect(next.stdout).not.toContain('stop request sent');
  expect((await site.row(row.id)).vm_status).toBe('remove');
});

it.each([
  ['SIGTERM', 143],
  ['SIGINT', 130],
] as const)('%s: says so, gives the rows back at the next checkpoint, exits with %i', async (signal, code) => {
  const row = await addVm(100_000);
  const running = site.start(['cron', '--verbose']);
  await running.seen('stop request sent');
  running.kill(signal);
  expect(await running.result).toMatchObject({ code, signal: null });
  expect(running.output.stderr).toMatch(new RegExp(`^vmctl: ${signal}: finishing the steps that are running`));
  expect(await site.row(row.id)).toMatchObject({ vm_status: 'terminate', claim_token: null });
  expect(await site.db.knex('mod_vmctl_ticks')).toEqual([]);
});

it('SIGTERM in cron, without --verbose, is as silent as success', async () => {
  await addVm(100_000);
  const running = site.start(['cron']);
  await waitFor(() => site.proxmox.log.some(({ path }) => path.includes(`/qemu/${vmid}/status/shutdown`)));
  running.kill('SIGTERM');
  expect(await running.result).toMatchObject({ code: 143, stdout: '', stderr: '' });
});

it('a second signal drops the work at once: the claim is left to its lease', async () => {
  const row = await addVm();
  // A DELETE that hangs: what has been sent keeps the first signal waiting for its answer.
  site.proxmox.faults.add({ method: 'DELETE', path: /\/qemu\//, do: 'slow', delayMs: 100_000 });
  const running = site.start(['cron', '--verbose']);
  await running.seen('DELETE VM');
  running.kill('SIGTERM');
  await waitFor(() => running.output.stderr.includes('SIGTERM'));
  const asked = performance.now();
  running.kill('SIGTERM');
  const { code } = await running.result;
  site.proxmox.faults.clear();
  expect(code).toBe(143);
  expect(performance.now() - asked).toBeLessThan(1_500);
  expect((await site.row(row.id)).vm_status).toBe('terminate');
});
