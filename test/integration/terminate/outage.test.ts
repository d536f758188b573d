import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSite, type Site } from '../../support/site.ts';
import { createHooks, exists, quick, run, sent, until, vmidsFrom } from './runs.ts';

const nextVmid = vmidsFrom(6000);
const untouched = { vm_status: 'terminate', attempts: 0, claim_token: null };

describe.each(['mysql', 'sqlite'] as const)('Out of reach on %s', (database) => {
  let site: Site;
  const hooks = createHooks();
  beforeAll(async () => {
    site = await createSite({ ...quick, database, simulator: { onRequest: hooks.onRequest } });
  });
  afterAll(() => site.close());

  it('no entry point answers: the row stays in terminate, no attempt is counted, and it proceeds when one is back', async () => {
    const vmid = nextVmid();
    const row = await site.addVm({ vm: { vmid, running: false } });
    site.proxmox.nodeDown('pve1');
    const out = await run(site, row);
    expect(out.end).toMatch(/^waiting: no answer from https:/);
    expect(out).toMatchObject({ row: untouched, alarms: [], codes: [] });
    expect(out.row.status_message).toContain('no answer from https:');
    site.proxmox.nodeUp('pve1');
    const { row: after } = await run(site, row);
    expect(after).toMatchObject({ vm_status: 'remove', status_message: null });
  });

  it('no entry point answers: the command ends with 5', async () => {
    const row = await site.addVm({ vm: { vmid: nextVmid(), running: false } });
    const dead = join(site.folder, 'dead.yaml');
    writeFileSync(dead, readFileSync(site.config, 'utf8').replace(site.proxmoxUrl, 'https://127.0.0.1:1'));
    const { code, stdout } = await site.vmctl(['cron', '--verbose', '--only', String(row.id)], { VMCTL_CONFIG: dead });
    expect(stdout).toMatch(/\[terminate\] waiting \([\d.]+s\): https:\/\/127\.0\.0\.1:1 cannot be reached/);
    expect(code).toBe(5);
    expect(await site.row(row.id)).toMatchObject(untouched);
    expect((await run(site, row)).row.vm_status).toBe('remove');
  });

  it('out of reach while it waits for the stop: the window goes on, the stop is not sent again', async () => {
    const vmid = nextVmid();
    const row = await site.addVm({ vm: { vmid, guest: { shutdownMs: 80_000 } } });
    const running = run(site, row);
    await until(() => sent(site, vmid)[0]);
    site.proxmox.nodeDown('pve1');
    const out = await running;
    expect(out.end).toMatch(/^waiting: /);
    expect(out.row).toMatchObject(untouched);
    site.proxmox.nodeUp('pve1');
    const { row: after } = await run(site, row);
    expect(sent(site, vmid).filter((call) => call === 'POST shutdown')).toHaveLength(1);
    expect(after.vm_status).toBe('remove');
  });

  it('out of reach while the destroy task runs: that task is followed when the cluster is back', async () => {
    const vmid = nextVmid();
    const row = await site.addVm({ vm: { vmid, running: false } });
    hooks.once('DELETE', `/nodes/pve1/qemu/${vmid}`, () => site.proxmox.nodeDown('pve1'), 'after');
    const out = await run(site, row);
    expect(out.row).toMatchObject(untouched);
    site.proxmox.nodeUp('pve1');
    const { said, row: after } = await run(site, row);
    expect(said).toEqual(['VM deleted']);
    expect(sent(site, vmid)).toEqual(['DELETE']);
    expect(after.vm_status).toBe('remove');
  });

  it.each([
    ['a running VM', { running: true }, false],
    ['a stopped VM', { running: false }, false],
    ['a VM that cannot be seen', { running: false }, true],
  ] as const)('no quorum, %s: waits, counts no attempt, and proceeds when it is back', async (_, vm, unseen) => {
    const vmid = nextVmid();
    const row = await site.addVm({ vm: { ...vm, vmid } });
    const hidden = site.proxmox.world.vms[vmid];
    if (unseen) delete site.proxmox.world.vms[vmid];
    site.proxmox.setQuorate(false);
    const out = await run(site, row);
    expect(out.end).toMatch(/^waiting: .*no quorum/);
    expect(out).toMatchObject({ row: { ...untouched, vm_id: vmid }, alarms: [], codes: [] });
    if (unseen && hidden) site.proxmox.world.vms[vmid] = hidden;
    site.proxmox.setQuorate(true);
    const { row: after } = await run(site, row);
    expect(after.vm_status).toBe('remove');
    expect(exists(site, vmid)).toBe(false);
  });

  it('node down (595): error_terminate with the cure, the VM is not called missing', async () => {
    const vmid = nextVmid();
    const row = await site.addVm({ vm: { vmid, node: 'pve2' } });
    site.proxmox.nodeDown('pve2');
    const { end, codes, row: after } = await run(site, row);
    site.proxmox.nodeUp('pve2');
    expect(end).toBe('done result=error: 595 No route to host');
    expect(codes).toEqual([3]);
    expect(after).toMatchObject({ vm_status: 'error_terminate', vm_id: vmid, node: 'pve2' });
    expect(after.status_message).toContain('Bring the node back');
    expect(exists(site, vmid)).toBe(true);
  });

  it('401: error_terminate with the cure and exit code 2', async () => {
    const row = await site.addVm({ vm: { vmid: nextVmid() } });
    const [token] = Object.values(site.proxmox.world.tokens);
    if (!token) throw new Error('no token');
    const { secret } = token;
    token.secret = 'another';
    const { end, codes, row: after } = await run(site, row);
    token.secret = secret;
    expect(end).toMatch(/^done result=error: .*Authentication failed!/);
    expect(codes).toEqual([2]);
    expect(after.vm_status).toBe('error_terminate');
    expect(after.status_message).toContain('Check the token vmctl@pve!cron in the settings');
    expect(after.status_message).not.toContain(secret);
  });

  it.each([
    ['VM.PowerMgmt', { running: true }, /\/vms\/\d+, VM\.PowerMgmt/],
    ['VM.Allocate', { running: false }, /\/vms\/\d+, VM\.Allocate/],
    ['VM.Audit', { running: false }, /VM \d+ cannot be seen on main, but its VMID is not free\. give the token/],
  ] as const)('403, without %s: error_terminate names the missing right, exit code 2', async (right, vm, said) => {
    const vmid = nextVmid();
    const row = await site.addVm({ vm: { ...vm, vmid } });
    const { world } = site.proxmox;
    const acl = structuredClone(world.acl);
    for (const entry of world.acl) entry.privileges = entry.privileges.filter((privilege) => privilege !== right);
    const { codes, row: after } = await run(site, row);
    world.acl = acl;
    expect(after).toMatchObject({ vm_status: 'error_terminate', vm_id: vmid });
    expect(after.status_message).toMatch(said);
    expect(codes).toEqual([2]);
    expect(exists(site, vmid)).toBe(true);
  });
});
