import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Task } from '../../../src/simulator/proxmox/world.ts';
import { createSite, type Site } from '../../support/site.ts';
import { createHooks, exists, quick, run, sent, vmidsFrom } from './runs.ts';

const nextVmid = vmidsFrom(7000);

describe.each(['mysql', 'sqlite'] as const)('DELETE VM on %s', (database) => {
  let site: Site;
  const hooks = createHooks();
  beforeAll(async () => {
    const env = { ...quick.env, PROXMOX_MAX_RETRIES: '2' };
    site = await createSite({ ...quick, env, database, simulator: { onRequest: hooks.onRequest } });
  });
  afterAll(() => site.close());

  function onDelete(vmid: number, doing: 'task-fails' | 'task-warns' | 'task-killed', reason?: string, times = 99) {
    const path = new RegExp(`/qemu/${vmid}(\\?|$)`);
    site.proxmox.faults.add({ method: 'DELETE', path, do: doing, times, ...(reason === undefined ? {} : { reason }) });
  }
  /** Once the destroy task of this VM has ended; `seenBy` is what vmctl asks when it knows that. */
  function afterDestroy(vmid: number, act: () => void, seenBy = '/cluster/status'): void {
    const ours = ({ id, type, endedAt }: Task) => id === String(vmid) && type === 'qmdestroy' && endedAt !== null;
    hooks.once('GET', seenBy, () => (site.proxmox.world.tasks.some(ours) ? act() : afterDestroy(vmid, act, seenBy)));
  }
  const images = (vmid: number) =>
    Object.values(site.proxmox.world.volumes).filter((volume) => volume.vmid === vmid && volume.content === 'images');

  it.concurrent('WARNINGS: n is success, and the volume that was left is deleted', async () => {
    const vmid = nextVmid();
    onDelete(vmid, 'task-warns', 'Could not remove disk, check manually');
    const { said, row } = await run(site, await site.addVm({ vm: { vmid, running: false } }));
    expect(said.slice(-3)).toEqual([
      expect.stringMatching(/^the destroy task ended with warnings: .*Could not remove disk/),
      'VM deleted',
      `volume deleted that the destroy task had left: local-lvm:vm-${vmid}-disk-0`,
    ]);
    expect(row).toMatchObject({ vm_status: 'remove', status_message: null });
    expect(images(vmid)).toEqual([]);
  });

  it.concurrent('a volume that is left and cannot be deleted is named in status_message, and holds nothing up', async () => {
    const vmid = nextVmid();
    onDelete(vmid, 'task-warns');
    const reason = 'volume is busy';
    site.proxmox.faults.add({ path: new RegExp(`content/local-lvm.*vm-${vmid}`), do: 'task-fails', reason });
    const { said, row } = await run(site, await site.addVm({ vm: { vmid, running: false } }));
    const volid = `local-lvm:vm-${vmid}-disk-0`;
    const message = `volumes left on main: ${volid}; delete them by hand (pvesm free <volume>)`;
    expect(row).toMatchObject({ vm_status: 'remove', status_message: message });
    expect(said.slice(-2)).toEqual([expect.stringContaining('volume is busy'), message]);
  });

  it.concurrent('a task that fails ends in error_terminate with its reason and the lines of its log', async () => {
    const vmid = nextVmid();
    onDelete(vmid, 'task-fails', 'lvremove failed: device is in use');
    const { said, end, row } = await run(site, await site.addVm({ vm: { vmid, running: false } }));
    expect(said).toContain('DELETE ERR lvremove failed: device is in use');
    expect(end).toBe('done result=error: lvremove failed: device is in use');
    expect(sent(site, vmid)).toEqual(['DELETE']);
    expect(row).toMatchObject({ vm_status: 'error_terminate', vm_id: vmid, node: 'pve1' });
  });

  it.concurrent('a lock time-out in the task is tried again', async () => {
    const vmid = nextVmid();
    onDelete(vmid, 'task-fails', "can't lock file '/var/lock/qemu-server/lock-1.conf' - got timeout", 1);
    const { row } = await run(site, await site.addVm({ vm: { vmid, running: false } }));
    expect(sent(site, vmid)).toEqual(['DELETE', 'DELETE']);
    expect(row.vm_status).toBe('remove');
  });

  it.concurrent('a lock time-out in the task is tried again up to PROXMOX_MAX_RETRIES', async () => {
    const vmid = nextVmid();
    onDelete(vmid, 'task-fails', "can't lock file '/var/lock/qemu-server/lock-1.conf' - got timeout");
    const { row } = await run(site, await site.addVm({ vm: { vmid, running: false } }));
    expect(sent(site, vmid)).toHaveLength(3);
    expect(row.vm_status).toBe('error_terminate');
    expect(row.status_message).toContain('got timeout. Another operation works on it');
  });

  it.concurrent('a worker that was killed (unexpected status): looks, and finds what it left', async () => {
    const vmid = nextVmid();
    onDelete(vmid, 'task-killed');
    const { row } = await run(site, await site.addVm({ vm: { vmid, running: false } }));
    expect(row.vm_status).toBe('error_terminate');
    expect(row.status_message).toContain(`VM is locked (destroyed)`);
    expect(sent(site, vmid)).toEqual(['DELETE']);
  });

  it.concurrent('a worker that was killed after its work was done: looks, and the VM is gone', async () => {
    const vmid = nextVmid();
    onDelete(vmid, 'task-fails', 'unexpected status');
    afterDestroy(vmid, () => delete site.proxmox.world.vms[vmid], '/cluster/resources');
    const { said, row } = await run(site, await site.addVm({ vm: { vmid, running: false } }));
    expect(said.slice(-2)).toEqual(['VM deleted', expect.stringContaining('volume deleted')]);
    expect(sent(site, vmid)).toEqual(['DELETE']);
    expect(row.vm_status).toBe('remove');
  });

  it.concurrent('the task is OK and a stranger has the VMID by now: success, and the stranger is untouched', async () => {
    const vmid = nextVmid();
    const row = await site.addVm({ vm: { vmid, running: false } });
    afterDestroy(vmid, () => site.proxmox.addVm({ vmid, name: 'stranger', running: true }));
    const { said, row: after } = await run(site, row);
    expect(said.slice(-2)).toEqual(['VM deleted', `VMID ${vmid} has been taken by another VM meanwhile`]);
    expect(after.vm_status).toBe('remove');
    expect(site.proxmox.world.vms[vmid]).toMatchObject({ running: true, config: { name: 'stranger' } });
  });

  it.concurrent('the task is OK and the VM is still there: that is no proof, error_terminate', async () => {
    const vmid = nextVmid();
    const row = await site.addVm({ vm: { vmid, running: false } });
    const vm = site.proxmox.world.vms[vmid];
    afterDestroy(vmid, () => {
      if (vm) site.proxmox.world.vms[vmid] = vm;
    });
    const { end, row: after } = await run(site, row);
    expect(end).toBe(`done result=error: the destroy task has ended, but VM ${vmid} still exists`);
    expect(after).toMatchObject({ vm_status: 'error_terminate', vm_id: vmid });
  });

  it.concurrent('a VM that moved to another node before is followed', async () => {
    const vmid = nextVmid();
    const row = await site.addVm({ vm: { vmid, node: 'pve2' }, row: { node: 'pve1' } });
    const { said, row: after } = await run(site, row);
    expect(said).toContain(`DELETE VM vmid=${vmid} node=pve2 purge=1`);
    expect(after.vm_status).toBe('remove');
  });

  it.concurrent('a VM that moves to another node while it is stopped is followed', async () => {
    const vmid = nextVmid();
    const row = await site.addVm({ vm: { vmid } });
    hooks.once('POST', `/nodes/pve1/qemu/${vmid}/status/shutdown`, () => {
      const vm = site.proxmox.world.vms[vmid];
      if (vm) vm.node = 'pve2';
    });
    const { said, row: after } = await run(site, row);
    expect(said).toContain(`DELETE VM vmid=${vmid} node=pve2 purge=1`);
    expect(after.vm_status).toBe('remove');
    expect(exists(site, vmid)).toBe(false);
  });

  it.concurrent('a VM that moves to another node right before the DELETE is followed', async () => {
    const vmid = nextVmid();
    const row = await site.addVm({ vm: { vmid, running: false } });
    hooks.once('DELETE', `/nodes/pve1/qemu/${vmid}`, () => {
      const vm = site.proxmox.world.vms[vmid];
      if (vm) vm.node = 'pve2';
    });
    const { said, row: after } = await run(site, row);
    expect(said.slice(-2)).toEqual([`DELETE VM vmid=${vmid} node=pve2 purge=1`, 'VM deleted']);
    expect(after.vm_status).toBe('remove');
  });
});
