import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { VmRow } from '../../../src/records/vm-row.ts';
import { makeCertificate } from '../../../src/simulator/certificate.ts';
import { createSite, type Site } from '../../support/site.ts';

let site: Site;
let vmid = 2000;
beforeAll(async () => {
  site = await createSite({ speed: 30, whmcs: false });
});
afterAll(() => site.close());

/** A running VM whose row is in `terminate`. */
function addVm(row: Partial<VmRow> = {}): Promise<VmRow> {
  vmid += 1;
  return site.addVm({ vm: { vmid }, addresses: [`192.0.2.${vmid - 2000}`], row });
}

/** The site's configuration with one thing changed. */
function configWith(pattern: RegExp, text: string): string {
  const file = join(site.folder, 'changed.yaml');
  writeFileSync(file, readFileSync(site.config, 'utf8').replace(pattern, text));
  return file;
}

async function done(row: VmRow): Promise<void> {
  await site.db.knex(site.db.vmTable).where({ id: row.id }).delete();
}

it('a token that Proxmox refuses (401): the row is error_terminate with the cure, exit 2, and the VM runs on', async () => {
  const row = await addVm();
  const config = configWith(/(token: '[^=]*=)[^']*/, '$100000000-0000-4000-8000-000000000000');
  const { code, stdout, stderr } = await site.vmctl(['cron', '--config', config]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(
    /^vmctl: vm:\d+ is now error_terminate: Authentication failed! \(the token vmctl@pve!cron\)\. What to do: [^\n]*its secret[^\n]*\n$/,
  );
  expect(await site.row(row.id)).toMatchObject({ vm_status: 'error_terminate', vm_id: vmid });
  expect(site.proxmox.world.vms[vmid]?.running).toBe(true);
  await done(row);
});

it('a token without a right (403): the row is error_terminate, the right and its path are named, exit 2', async () => {
  const row = await addVm();
  const weak = site.proxmox.addToken({
    id: 'weak@pve!cron',
    acl: [{ path: '/', privileges: ['VM.Audit', 'Sys.Audit'] }],
  });
  const { code, stderr } = await site.vmctl([
    'cron',
    '--config',
    configWith(/token: '[^']*'/, `token: '${weak.id}=${weak.secret}'`),
  ]);
  expect(code).toBe(2);
  expect(stderr).toMatch(/error_terminate: [^\n]*\/vms\/\d+[^\n]*VM\.PowerMgmt[^\n]*Grant the named privilege/);
  expect(site.proxmox.world.vms[vmid]?.running).toBe(true);
  await done(row);
});

it('a certificate that is not trusted: exit 2, nothing is sent, the row stays in terminate; told once by mail', async () => {
  const row = await addVm();
  const { ca } = await makeCertificate();
  const other = join(site.folder, 'other-ca.pem');
  writeFileSync(other, ca);
  const args = ['cron', '--config', configWith(/ca: '[^']*'/, `ca: '${other}'`)];
  const sent = site.proxmox.log.length;
  const first = await site.vmctl(args);
  expect(first).toMatchObject({ code: 2, stdout: '' });
  expect(first.stderr).toMatch(
    /^vmctl: https:\/\/127\.0\.0\.1:\d+ showed a certificate that is not trusted: [^\n]*tls\.ca[^\n]*\n$/,
  );
  expect(site.proxmox.log).toHaveLength(sent);
  expect(await site.row(row.id)).toMatchObject({ vm_status: 'terminate', attempts: 0, claim_token: null });
  await site.db.knex(site.db.vmTable).where({ id: row.id }).update({ next_attempt_at: null });
  expect(await site.vmctl(args)).toMatchObject({ code: 2, stdout: '', stderr: '' });
  await done(row);
});

it('every cluster unreachable: exit 5, said once, no attempt is counted, and the row goes on when it is back', async () => {
  const row = await addVm();
  const args = ['cron', '--config', configWith(/endpoints: .*/, "endpoints: ['https://127.0.0.1:1']")];
  const first = await site.vmctl(args);
  expect(first).toMatchObject({ code: 5, stdout: '' });
  expect(first.stderr).toMatch(/^vmctl: https:\/\/127\.0\.0\.1:1 cannot be reached: [^\n]*\n$/);
  expect(await site.row(row.id)).toMatchObject({ vm_status: 'terminate', attempts: 0, claim_token: null });
  await site.db.knex(site.db.vmTable).where({ id: row.id }).update({ next_attempt_at: null });
  expect(await site.vmctl(args)).toMatchObject({ code: 5, stdout: '', stderr: '' });
  await site.db.knex(site.db.vmTable).where({ id: row.id }).update({ next_attempt_at: null });
  expect(await site.vmctl(['cron'])).toMatchObject({ code: 0, stdout: '', stderr: '' });
  expect(await site.row(row.id)).toMatchObject({ vm_status: 'remove' });
});

it('a row that enters error_*: exit 3 and one line on stderr; the next tick leaves it alone and is silent', async () => {
  const row = await addVm();
  site.proxmox.faults.add({ method: 'DELETE', path: /\/qemu\//, do: 'task-fails', reason: 'lvremove said no' });
  const first = await site.vmctl(['cron']);
  site.proxmox.faults.clear();
  expect(first).toMatchObject({ code: 3, stdout: '' });
  expect(first.stderr).toMatch(
    new RegExp(`^vmctl: vm:${row.id} is now error_terminate: [^\\n]*lvremove said no[^\\n]*\\n$`),
  );
  expect(await site.vmctl(['cron'])).toMatchObject({ code: 0, stdout: '', stderr: '' });
  expect(await site.row(row.id)).toMatchObject({ vm_status: 'error_terminate', vm_id: vmid });
});
