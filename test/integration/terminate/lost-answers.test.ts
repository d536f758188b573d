import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SimFault } from '../../../src/simulator/proxmox/index.ts';
import { createSite, type Site } from '../../support/site.ts';
import { asVmctl, exists, quick, run, sent, vmidsFrom } from './runs.ts';

const nextVmid = vmidsFrom(5000);

const before = [
  ['596 without the effect', { do: 'status', status: 596, reason: 'Connection timed out' }],
  ['the connection reset before the effect', { do: 'reset-before' }],
] as const satisfies readonly (readonly [string, Omit<SimFault, 'path'>])[];
const after = [
  ['596 after the effect', { do: 'status', status: 596, reason: 'Connection timed out', after: true }],
  ['the connection reset after the effect', { do: 'reset-after' }],
  ['a long silence after the effect', { do: 'lost-answer' }],
] as const satisfies readonly (readonly [string, Omit<SimFault, 'path'>])[];

describe.each(['mysql', 'sqlite'] as const)('Lost answers on %s', (database) => {
  let site: Site;
  beforeAll(async () => {
    // So long that the VM is still there when vmctl looks.
    site = await createSite({ ...quick, database, simulator: { timing: { destroy: 30_000 } } });
  });
  afterAll(() => site.close());

  function lose(method: string, path: string, fault: Omit<SimFault, 'path'>, times = 1): void {
    site.proxmox.faults.add({ ...fault, method, path: new RegExp(`${path}(\\?|$)`), times });
  }

  it.concurrent.each(after)('shutdown, %s: its task is adopted, not sent again', async (_, fault) => {
    const vmid = nextVmid();
    lose('POST', `/qemu/${vmid}/status/shutdown`, fault);
    const row = await site.addVm({ vm: { vmid, guest: { shutdownMs: 60_000 } } });
    const { row: ended } = await run(site, row);
    expect(sent(site, vmid)).toEqual(['POST shutdown', 'DELETE']);
    expect(ended.vm_status).toBe('remove');
  });

  it.concurrent.each(before)('shutdown, %s: it is asked for once more', async (_, fault) => {
    const vmid = nextVmid();
    lose('POST', `/qemu/${vmid}/status/shutdown`, fault);
    const { row: ended } = await run(site, await site.addVm({ vm: { vmid } }));
    expect(sent(site, vmid)).toEqual(['POST shutdown', 'POST shutdown', 'DELETE']);
    expect(ended.vm_status).toBe('remove');
  });

  it.concurrent.each([...before, ...after])('force-stop, %s: the VM stops all the same', async (_, fault) => {
    const vmid = nextVmid();
    lose('POST', `/qemu/${vmid}/status/stop`, fault);
    const row = await site.addVm({ vm: { vmid, guest: { shutdownMs: null } } });
    await asVmctl(site, 'POST', `/nodes/pve1/qemu/${vmid}/status/shutdown`, 'timeout=6000');
    const { said, row: ended } = await run(site, row);
    expect(said).toContain('force-stop sent');
    expect(ended.vm_status).toBe('remove');
  });

  it.concurrent.each(after)('DELETE, %s: its task is adopted, not sent again', async (_, fault) => {
    const vmid = nextVmid();
    lose('DELETE', `/qemu/${vmid}`, fault);
    const { said, row: ended } = await run(site, await site.addVm({ vm: { vmid, running: false } }));
    expect(sent(site, vmid)).toEqual(['DELETE']);
    expect(site.proxmox.world.tasks.filter(({ id, type }) => id === String(vmid) && type === 'qmdestroy')).toHaveLength(
      1,
    );
    expect(said.slice(-2)).toEqual([
      expect.stringMatching(/^the answer was lost \(.*\), looking whether it was received$/),
      'VM deleted',
    ]);
    expect(ended.vm_status).toBe('remove');
  });

  it.concurrent.each(before)('DELETE, %s: sent again only when it must have begun by now', async (_, fault) => {
    const vmid = nextVmid();
    lose('DELETE', `/qemu/${vmid}`, fault);
    const { row: ended } = await run(site, await site.addVm({ vm: { vmid, running: false } }));
    const times = site.proxmox.log.filter(({ method, path }) => method === 'DELETE' && path.endsWith(`/${vmid}`));
    expect(times).toHaveLength(2);
    expect((times[1]?.at ?? 0) - (times[0]?.at ?? 0)).toBeGreaterThanOrEqual(45_000);
    expect(ended.vm_status).toBe('remove');
  });

  it.concurrent('DELETE lost again and again: error_terminate, and the VM stays', async () => {
    const vmid = nextVmid();
    lose('DELETE', `/qemu/${vmid}`, { do: 'reset-before' }, 99);
    const { end, row } = await run(site, await site.addVm({ vm: { vmid, running: false } }));
    expect(end).toBe(`done result=error: the answer to DELETE was lost 4 times, and VM ${vmid} still exists`);
    expect(sent(site, vmid)).toHaveLength(4);
    expect(row).toMatchObject({ vm_status: 'error_terminate', vm_id: vmid });
    expect(exists(site, vmid)).toBe(true);
  });
});
