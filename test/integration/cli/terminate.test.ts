import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { VmRow } from '../../../src/records/vm-row.ts';
import type { VmSpec } from '../../../src/simulator/scenario.ts';
import { createSite, type Site } from '../../support/site.ts';

const speed = 3;
let site: Site;
let vmid = 2000;
beforeAll(async () => {
  site = await createSite({ speed, whmcs: false });
});
afterAll(() => site.close());

function addVm(vm: Partial<VmSpec> = {}, row: Partial<VmRow> = {}): Promise<VmRow> {
  vmid += 1;
  const guest = { shutdownMs: 600_000 };
  return site.addVm({ vm: { vmid, guest, ...vm }, row: { vm_status: 'ready', ...row } });
}

/** What was changed or asked to change in Proxmox since `from`. */
function sent(from: number): unknown[] {
  return site.proxmox.log
    .slice(from)
    .flatMap(({ method, path, params }) => (method === 'GET' ? [] : [{ method, path, params }]));
}

it('sends one shutdown that ends by itself, queues the row and returns without waiting for the guest', async () => {
  const row = await addVm();
  const before = site.proxmox.log.length;
  const { code, stdout, stderr } = await site.vmctl(['terminate', String(row.id)]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toBe(`row ${row.id}: ready → terminate, stop request sent; cron does the rest\n`);
  expect(sent(before)).toEqual([
    {
      method: 'POST',
      path: `/nodes/pve1/qemu/${vmid}/status/shutdown`,
      params: expect.objectContaining({ timeout: '120', forceStop: '1' }),
    },
  ]);
  expect(site.proxmox.world.vms[vmid]?.running).toBe(true);
  expect(await site.row(row.id)).toMatchObject({ vm_status: 'terminate', claim_token: null });
});

it('typed twice, sends no second shutdown', async () => {
  const row = await addVm();
  const before = site.proxmox.log.length;
  for (let n = 0; n < 2; n += 1) expect(await site.vmctl(['terminate', String(row.id)])).toMatchObject({ code: 0 });
  expect(sent(before)).toHaveLength(1);
});

it.each([
  ['is another VM than the row’s', {}, { vm_uuid: '00000000-0000-4000-8000-000000000000' }],
  ['is locked', { lock: 'backup' }, {}],
  ['is stopped already', { running: false }, {}],
] as const)(
  'sends nothing where the VM %s, is silent about it, and queues the row all the same',
  async (_, vm, change) => {
    const row = await addVm(vm, change);
    const before = site.proxmox.log.length;
    const { code, stdout, stderr } = await site.vmctl(['terminate', String(row.id)]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe(`row ${row.id}: ready → terminate; cron does the rest\n`);
    expect(sent(before)).toEqual([]);
    expect((await site.row(row.id)).vm_status).toBe('terminate');
  },
);

it('does not wait for a cluster that does not answer: 10 s at most, silent, and the row is queued', async () => {
  const row = await addVm();
  site.proxmox.faults.add({ path: /./, do: 'slow', delayMs: 600_000 });
  const begun = performance.now();
  const result = await site.vmctl(['terminate', String(row.id)]);
  site.proxmox.faults.clear();
  expect(result).toMatchObject({ code: 0, stderr: '' });
  // Beside the patience there is only the start and the end of the process.
  expect((performance.now() - begun) * speed).toBeLessThan(10_000 + 4_000 * speed);
  expect((await site.row(row.id)).vm_status).toBe('terminate');
});

it('queues the row also where no entry point listens', async () => {
  const row = await addVm();
  const config = join(site.folder, 'down.yaml');
  writeFileSync(
    config,
    readFileSync(site.config, 'utf8').replace(/endpoints: .*/, "endpoints: ['https://127.0.0.1:1']"),
  );
  expect(await site.vmctl(['terminate', String(row.id), '--config', config])).toMatchObject({ code: 0, stderr: '' });
  expect((await site.row(row.id)).vm_status).toBe('terminate');
});
