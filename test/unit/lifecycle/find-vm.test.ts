import { expect, test } from 'vitest';
import { createVmFinder, IdentityMismatch } from '../../../src/lifecycle/find-vm.ts';
import type { Cluster } from '../../../src/proxmox/cluster.ts';
import type { VmRow } from '../../../src/records/vm-row.ts';
import { clusterFor, data, type Handler, refusal, settingsFor, startApi, testClock } from '../proxmox/api-server.ts';

const uuid = '7d2c1c1e-4c53-4d0e-9a3c-0b6f1f0a9e11';
const row: VmRow = {
  id: 7,
  service_id: null,
  client_id: null,
  vm_status: 'terminate',
  status_message: null,
  status_changed_at: null,
  cluster: 'main',
  node: 'pve1',
  vm_id: 2003,
  vm_name: '5546-1776530141',
  vm_uuid: uuid,
  vm_net0_mac: null,
  vm_rev_dns: null,
  domain: null,
  package: null,
  template: null,
  first_ready_at: null,
  expires_at: null,
  created_at: null,
  updated_at: null,
  claim_token: null,
  revision: 0,
  next_attempt_at: null,
  attempts: 0,
  progress: null,
  progress_for: null,
};

async function clusterWith(handler: Handler): Promise<{ cluster: Cluster; calls: () => string[] }> {
  const api = await startApi(handler);
  return { cluster: clusterFor(settingsFor([api.url])), calls: api.calls };
}

const place = (node: string, type = 'qemu') => ({ vmid: 2003, node, type, status: 'running', id: `${type}/2003` });
const config = { name: '5546-1776530141', smbios1: `uuid=${uuid}` };

test('a container with that VMID is not the VM of the row: nothing of it is asked for', async () => {
  const { cluster, calls } = await clusterWith(() => data([place('pve1', 'lxc')]));
  const finder = createVmFinder(row, async () => cluster, testClock());
  const refused = expect(finder.identified()).rejects;
  await refused.toThrow(IdentityMismatch);
  await expect(finder.identified()).rejects.toThrow('2003 on main is a container, the row names a VM');
  expect(calls().filter((call) => !call.startsWith('GET /cluster'))).toEqual([]);
});

test('a reading is used for 10 s, then the identity is read anew', async () => {
  const { cluster, calls } = await clusterWith(({ path }) =>
    data(path.includes('resources') ? [place('pve1')] : config),
  );
  let now = 0;
  const finder = createVmFinder(row, async () => cluster, { ...testClock(), monotonic: () => now });
  const reads = () => calls().filter((call) => call.endsWith('/config')).length;
  for (now of [0, 5_000, 10_000]) await finder.identified();
  expect(reads()).toBe(1);
  now = 10_001;
  await finder.identified();
  expect(reads()).toBe(2);
  finder.forget();
  await finder.identified();
  expect(reads()).toBe(3);
});

test('the power state is read once for two steps in a row', async () => {
  const { cluster, calls } = await clusterWith(() => data({ status: 'running' }));
  let now = 0;
  const finder = createVmFinder(row, async () => cluster, { ...testClock(), monotonic: () => now });
  const { signal } = new AbortController();
  for (now of [0, 2_000, 2_001]) expect((await finder.power('pve1', 2003, signal)).status).toBe('running');
  expect(calls()).toHaveLength(2);
  await finder.power('pve2', 2003, signal);
  expect(calls()).toHaveLength(3);
});

test('a VM that the cluster names on a node where it is not is looked for again, then reported', async () => {
  const missing = "Configuration file 'nodes/pve1/qemu-server/2003.conf' does not exist";
  const { cluster, calls } = await clusterWith(({ path }) =>
    path.includes('resources') ? data([place('pve1')]) : refusal(missing),
  );
  const finder = createVmFinder(row, async () => cluster, testClock());
  await expect(finder.identified()).rejects.toMatchObject({
    message: 'VM 2003 is on none of the nodes that main names for it',
    cure: 'wait until its migration has ended, then: vmctl reset 7 terminate',
  });
  expect(calls().filter((call) => call.includes('resources'))).toHaveLength(3);
});
