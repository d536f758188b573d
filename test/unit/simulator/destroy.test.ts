import { describe, expect, it } from 'vitest';
import { cluster, field, rows } from './cluster.ts';

const path = '/nodes/pve1/qemu/100';
const missing = "Configuration file 'nodes/pve1/qemu-server/100.conf' does not exist";

function images({ simulator }: ReturnType<typeof cluster>): string[] {
  return Object.values(simulator.world.volumes)
    .filter((volume) => volume.vmid === 100)
    .map((volume) => volume.volid);
}

describe('DELETE is refused at once', () => {
  it.each([
    [{ vmid: 101 }, missing],
    [{ vmid: 100, running: true }, 'VM 100 is running - destroy failed'],
    [{ vmid: 100, protection: true }, "can't remove VM 100 - protection mode enabled"],
    [{ vmid: 100, node: 'pve2' }, missing],
  ])('%o', async (spec, reason) => {
    const { call, simulator } = cluster();
    simulator.addVm(spec);
    expect(await call('DELETE', path, { purge: 1 })).toMatchObject({ status: 500, reason });
  });

  it('for a replicated VM without purge', async () => {
    const { call, simulator } = cluster();
    simulator.addVm({ vmid: 100, replicated: true });
    expect((await call('DELETE', path)).reason).toBe(
      "There is a replication job '100-0' for guest '100' - Please remove that first.",
    );
  });

  it('with skiplock, also for a token of root', async () => {
    const { call, simulator } = cluster();
    const root = simulator.addToken({ id: 'root@pam!t', privsep: false });
    simulator.addVm({ vmid: 100 });
    expect((await call('DELETE', path, { skiplock: 1 }, root.header)).errors).toEqual({
      skiplock: 'Only root may use this option.',
    });
  });
});

describe('the task of a DELETE', () => {
  it('fails where the configuration is locked', async () => {
    const { run, simulator } = cluster();
    simulator.addVm({ vmid: 100, lock: 'backup' });
    expect(await run('DELETE', path, { purge: 1 })).toBe('VM is locked (backup)');
  });

  it('fails where a linked clone hangs on the template', async () => {
    const { run } = cluster();
    expect(await run('POST', '/nodes/pve1/qemu/9000/clone', { newid: 100 })).toBe('OK');
    expect(await run('DELETE', '/nodes/pve1/qemu/9000', { purge: 1 })).toBe(
      "base volume 'vmstore:9000/base-9000-disk-0.qcow2' is still in use by linked cloned",
    );
  });

  it('checks again under the lock: of two at once the second finds nothing', async () => {
    const { call, ended, simulator } = cluster();
    simulator.addVm({ vmid: 100 });
    const [first, second] = [await call('DELETE', path), await call('DELETE', path)];
    expect([await ended(first.data), await ended(second.data)]).toEqual(['OK', missing]);
  });

  it('checks again what could change while it waited', async () => {
    const { call, ended, simulator } = cluster();
    simulator.addVm({ vmid: 100 });
    const { data } = await call('DELETE', path, { purge: 1 });
    Object.assign(simulator.world.vms[100]?.config ?? {}, { protection: 1 });
    expect(await ended(data)).toBe("can't remove VM 100 - protection mode enabled");
  });

  it('waits for a stop that is about to end', async () => {
    const { call, run, clock, simulator } = cluster();
    simulator.addVm({ vmid: 100, running: true });
    const stop = await call('POST', `${path}/status/stop`);
    clock.advance(2_100);
    expect((await call('GET', `/nodes/pve1/tasks/${stop.data}/status`)).data).toMatchObject({ status: 'running' });
    expect(await run('DELETE', path, { purge: 1 })).toBe('OK');
  });

  it('shows the plain configuration until the VM vanishes', async () => {
    const { call, clock, simulator } = cluster();
    simulator.addVm({ vmid: 100, name: 'victim' });
    await call('DELETE', path, { purge: 1 });
    clock.advance(500);
    const during = await call('GET', `${path}/config`);
    expect([field(during, 'name'), field(during, 'lock')]).toEqual(['victim', undefined]);
    clock.advance(500);
    expect((await call('GET', `${path}/config`)).reason).toBe(missing);
  });

  it('takes disks, rights and firewall along and leaves the backups', async () => {
    const sim = cluster();
    sim.simulator.addVm({ vmid: 100 });
    const backup = sim.simulator.addBackup({ vmid: 100, at: sim.clock.now() });
    sim.simulator.world.firewalls[100] = '[OPTIONS]\n';
    sim.simulator.addUser({
      userid: 'client@pve',
      password: 'x',
      acl: [{ path: '/vms/100', privileges: ['VM.Audit'] }],
    });
    const { data } = await sim.call('DELETE', path, { purge: 1 });
    expect(await sim.ended(data)).toBe('OK');
    expect(await sim.taskLog(data)).toEqual(['purging VM 100 from related configurations..', 'TASK OK']);
    expect(images(sim)).toEqual([backup.volid]);
    expect(sim.simulator.world.acl.some((entry) => entry.path === '/vms/100')).toBe(false);
    expect(sim.simulator.world.firewalls).toEqual({});
  });

  it('takes unreferenced disks only if asked', async () => {
    for (const asked of [0, 1]) {
      const sim = cluster();
      const vm = sim.simulator.addVm({ vmid: 100 });
      delete vm.config.scsi0;
      expect(await sim.run('DELETE', path, { 'destroy-unreferenced-disks': asked })).toBe('OK');
      expect(images(sim)).toHaveLength(1 - asked);
    }
  });

  it.each([
    ['9.2', 'WARNINGS: 1', 'WARN: '],
    ['8.4', 'OK', ''],
    ['7.4', 'OK', ''],
  ] as const)('on %s ends %s and leaves the disk where its storage stays busy', async (release, status, prefix) => {
    const sim = cluster({ release });
    sim.simulator.addVm({ vmid: 100 });
    sim.simulator.holdStorageLock('vmstore', 60_000);
    const { data } = await sim.call('DELETE', path, { purge: 1 });
    const started = sim.clock.now();
    expect(await sim.ended(data)).toBe(status);
    expect(sim.clock.now() - started).toBeGreaterThanOrEqual(10_000);
    expect((await sim.taskLog(data))[0]).toBe(
      `${prefix}Could not remove disk 'vmstore:100/vm-100-disk-0.qcow2', check manually: can't lock file '/var/lock/pve-manager/pve-storage-vmstore' - got timeout`,
    );
    expect(images(sim)).toEqual(['vmstore:100/vm-100-disk-0.qcow2']);
    expect((await sim.call('GET', '/cluster/nextid', { vmid: 100 })).data).toBe('100');
  });

  it('waits for a storage that is busy for a moment', async () => {
    const sim = cluster();
    sim.simulator.addVm({ vmid: 100 });
    sim.simulator.holdStorageLock('vmstore', 5_000);
    expect(await sim.run('DELETE', path, { purge: 1 })).toBe('OK');
    expect(images(sim)).toEqual([]);
  });

  it('killed in its last phase leaves nothing but lock: destroyed, which the next one cannot pass', async () => {
    const sim = cluster();
    sim.simulator.addVm({ vmid: 100 });
    sim.simulator.faults.add({ method: 'DELETE', path: /qemu\/100/, do: 'task-killed', times: 1 });
    expect(await sim.run('DELETE', path, { purge: 1 })).toBe('unexpected status');
    expect((await sim.call('GET', `${path}/config`)).data).toEqual({ lock: 'destroyed', digest: expect.any(String) });
    expect(images(sim)).toEqual([]);
    expect(await sim.run('DELETE', path, { purge: 1 })).toBe('VM is locked (destroyed)');
  });
});

it('a token whose rights hang on the pool sees neither configuration nor leftover disk afterwards, but nextid is right', async () => {
  const sim = cluster();
  sim.simulator.addVm({ vmid: 100, pool: 'customers' });
  const acl = [
    { path: '/pool/customers', privileges: ['VM.Audit', 'VM.Allocate', 'VM.Config.Disk'] },
    { path: '/storage/vmstore', privileges: ['Datastore.Audit', 'Datastore.AllocateSpace'] },
  ];
  const scoped = sim.simulator.addToken({ id: 'scoped@pve!t', acl });
  const content = () => sim.call('GET', '/nodes/pve1/storage/vmstore/content', { vmid: 100 }, scoped.header);
  expect(rows(await content())).toHaveLength(1);
  sim.simulator.holdStorageLock('vmstore', 60_000);
  expect(await sim.run('DELETE', path, { purge: 1 }, scoped.header)).toBe('WARNINGS: 1');
  expect(await sim.call('GET', `${path}/config`, {}, scoped.header)).toMatchObject({ status: 403 });
  expect(rows(await content())).toEqual([]);
  expect((await sim.call('GET', '/cluster/nextid', { vmid: 100 }, scoped.header)).data).toBe('100');
});
