import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSite, type Site } from '../../support/site.ts';
import { asVmctl, exists, pause, quick, run, sent, until, vmidsFrom } from './runs.ts';

const nextVmid = vmidsFrom(2000);
const unstoppable = { shutdownMs: null };
const afterTheWindow = expect.stringMatching(/^stopped after ~(1[2-9]|[2-9]\d)\ds$/);

/** A heartbeat every 15 s of the graceful window. A busy machine may miss some. */
function expectBeats(said: readonly string[]): void {
  const all = [15, 30, 45, 60, 75, 90, 105].map((s) => `still running, waited ${s}s / 120s, status: running`);
  const beats = said.filter((line) => line.includes('/ 120s'));
  expect(beats).toEqual(all.filter((line) => beats.includes(line)));
  expect(beats.length).toBeGreaterThanOrEqual(2);
}

describe.each(['mysql', 'sqlite'] as const)('Stop VM on %s', (database) => {
  let site: Site;
  beforeAll(async () => {
    site = await createSite({ ...quick, database });
  });
  afterAll(() => site.close());

  it.concurrent('prints no stop lines and sends no stop for a VM that is stopped already', async () => {
    const vmid = nextVmid();
    const { said, row } = await run(site, await site.addVm({ vm: { vmid, running: false } }));
    expect(said.slice(0, 2)).toEqual([`remote status: stopped, vmid: ${vmid}`, 'removing backups']);
    expect(sent(site, vmid)).toEqual(['DELETE']);
    expect(row.vm_status).toBe('remove');
  });

  it.concurrent('forces a VM that ignores the shutdown after 120 s, with a heartbeat every 15 s', async () => {
    const vmid = nextVmid();
    const { said, row } = await run(site, await site.addVm({ vm: { vmid, guest: unstoppable } }));
    expectBeats(said);
    // Proxmox forces it by itself at that moment; whoever is first, it happens once.
    expect(said.filter((line) => /stop/.test(line) && line !== 'force-stop sent')).toEqual([
      'stop request sent',
      afterTheWindow,
    ]);
    expect(row.vm_status).toBe('remove');
  });

  it.concurrent('forces a VM whose shutdown was sent by somebody else without a limit', async () => {
    const vmid = nextVmid();
    const row = await site.addVm({ vm: { vmid, guest: unstoppable } });
    await asVmctl(site, 'POST', `/nodes/pve1/qemu/${vmid}/status/shutdown`, 'timeout=6000');
    const { said, row: after } = await run(site, row);
    expectBeats(said);
    expect(said.filter((line) => /stop/.test(line))).toEqual(['stop request sent', 'force-stop sent', afterTheWindow]);
    expect(sent(site, vmid)).toEqual(['POST shutdown', 'POST stop', 'DELETE']);
    expect(after.vm_status).toBe('remove');
  });

  it.concurrent('sends no DELETE for a VM that still runs after both windows, and says how to stop it', async () => {
    const vmid = nextVmid();
    site.proxmox.faults.add({ path: new RegExp(`/qemu/${vmid}/status/`), do: 'task-fails', reason: 'got timeout' });
    const { said, end, row } = await run(site, await site.addVm({ vm: { vmid, guest: unstoppable } }));
    const why =
      'VM is still running after 120s and, forced, 60s more (the stop failed: got timeout); Proxmox does not delete a running VM';
    expect(said).toContainEqual(expect.stringMatching(/^still running, waited (15|30|45)s \/ 60s, status: running$/));
    expect(end).toBe(`done result=error: ${why}`);
    expect(sent(site, vmid)).not.toContain('DELETE');
    expect(row).toMatchObject({ vm_status: 'error_terminate', vm_id: vmid });
    expect(row.status_message).toBe(
      `${why}. see why it hangs, stop it by hand (on pve1: qm stop ${vmid}), then: vmctl reset ${row.id} terminate`,
    );
  });

  it.concurrent('forces the stop at once when the shutdown task has failed', async () => {
    const vmid = nextVmid();
    const running = run(site, await site.addVm({ vm: { vmid, guest: unstoppable } }));
    const task = await until(() => site.proxmox.world.tasks.find(({ id }) => id === String(vmid)));
    await asVmctl(site, 'DELETE', `/nodes/pve1/tasks/${encodeURIComponent(task.upid)}`);
    const { said, row } = await running;
    expect(said.filter((line) => !line.startsWith('still running')).slice(1, 5)).toEqual([
      'stop request sent',
      'stop ERR received interrupt',
      'force-stop sent',
      expect.stringMatching(/^stopped after ~\d+s$/),
    ]);
    expect(row.vm_status).toBe('remove');
  });

  it.concurrent('adopts the shutdown that the panel has sent', async () => {
    const vmid = nextVmid();
    const row = await site.addVm({ vm: { vmid, guest: { shutdownMs: 20_000 } }, row: { vm_status: 'ready' } });
    expect(await site.vmctl(['terminate', String(row.id)])).toMatchObject({ code: 0 });
    await pause(500);
    const ended = await run(site, row);
    expect(sent(site, vmid)).toEqual(['POST shutdown', 'DELETE']);
    expect(ended.row.vm_status).toBe('remove');
  });

  it.concurrent('goes on with the window of 120 s in the tick that takes over', async () => {
    const vmid = nextVmid();
    const row = await site.addVm({ vm: { vmid, guest: unstoppable } });
    const first = await run(site, row, { maxRuntimeSeconds: 40 });
    expect(first.end).toBe('waiting: Stop VM (graceful)');
    expect(first.row).toMatchObject({ vm_status: 'terminate', claim_token: null, attempts: 0 });
    const second = await run(site, row);
    expect(second.said).not.toContain('stop request sent');
    expectBeats([...first.said, ...second.said]);
    expect(second.said).toContainEqual(afterTheWindow);
    expect(sent(site, vmid).filter((call) => call === 'POST shutdown')).toHaveLength(1);
  });

  it.concurrent('stops a VM under HA through HA, also by force, and purges it', async () => {
    const [easy, stubborn] = [nextVmid(), nextVmid()];
    const rows = [
      await site.addVm({ vm: { vmid: easy, ha: true } }),
      await site.addVm({ vm: { vmid: stubborn, ha: true, guest: unstoppable } }),
    ];
    const ended = await Promise.all(rows.map((row) => run(site, row)));
    expect(ended.map(({ row }) => row.vm_status)).toEqual(['remove', 'remove']);
    const ofRoot = site.proxmox.world.tasks.filter(({ id, user }) => id === String(easy) && user === 'root@pam');
    expect(ofRoot.map(({ type }) => type)).toEqual(['qmshutdown']);
    expect(sent(site, easy)).toEqual(['POST shutdown', 'DELETE']);
    expect(exists(site, stubborn)).toBe(false);
  });
});

describe.each(['7.4', '8.4', '9.2'] as const)('Stop VM and DELETE VM on Proxmox VE %s', (release) => {
  let site: Site;
  beforeAll(async () => {
    site = await createSite({ ...quick, database: 'sqlite', simulator: { release } });
  });
  afterAll(() => site.close());

  it('force a VM that ignores the shutdown, and destroy it', async () => {
    const vmid = nextVmid();
    const row = await site.addVm({ vm: { vmid, guest: unstoppable } });
    await asVmctl(site, 'POST', `/nodes/pve1/qemu/${vmid}/status/shutdown`, 'timeout=6000');
    const { said, row: after } = await run(site, row);
    expect(after.vm_status).toBe('remove');
    expect(said).toContain('force-stop sent');
    expect(exists(site, vmid)).toBe(false);
    const shutdown = site.proxmox.world.tasks.find(({ type }) => type === 'qmshutdown');
    expect(shutdown?.exitstatus).toBe('received interrupt');
  });
});
