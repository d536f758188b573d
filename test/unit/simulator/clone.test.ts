import { describe, expect, it } from 'vitest';
import { cluster, field, rows } from './cluster.ts';

const clone = '/nodes/pve1/qemu/9000/clone';
const config = '/nodes/pve1/qemu/100/config';

describe('clone', () => {
  it('names the source in its UPID, so that the new id does not find the task', async () => {
    const { call, ended } = cluster();
    const { data } = await call('POST', clone, { newid: 100 });
    expect(String(data)).toMatch(/^UPID:pve1:[0-9A-F]{8}:[0-9A-F]{8}:[0-9A-F]{8}:qmclone:9000:vmctl@pve!cron:$/);
    await ended(data);
    expect(rows(await call('GET', '/nodes/pve1/tasks', { vmid: 100, source: 'all' }))).toEqual([]);
  });

  it('shows only a lock and a temporary description at first, then name and marker while still locked', async () => {
    const { call, clock } = cluster();
    await call('POST', clone, { newid: 100, name: 'web1', description: 'vmctl:a:1:service' });
    clock.advance(100);
    expect((await call('GET', config)).data).toEqual({
      lock: 'clone',
      description: ' qmclone temporary file',
      digest: expect.any(String),
    });
    clock.advance(500);
    expect((await call('GET', config)).data).toMatchObject({
      lock: 'clone',
      name: 'web1',
      description: 'vmctl:a:1:service',
    });
  });

  it('makes a new uuid and new MACs and copies everything else, protection, tags and firewall too', async () => {
    const sim = cluster();
    const template = sim.simulator.world.vms[9000];
    Object.assign(template?.config ?? {}, { protection: 1, tags: 'gold', onboot: 1 });
    sim.simulator.world.firewalls[9000] = '[RULES]\n';
    expect(await sim.run('POST', clone, { newid: 100, full: 1 })).toBe('OK');
    const made = await sim.call('GET', config);
    expect(made.data).toMatchObject({
      name: 'Copy-of-VM-tmpl',
      description: 'golden image',
      protection: 1,
      tags: 'gold',
      onboot: 1,
    });
    expect(field(made, 'lock')).toBeUndefined();
    expect(field(made, 'template')).toBeUndefined();
    expect(field(made, 'scsi0')).toBe('vmstore:100/vm-100-disk-0.qcow2,size=10G');
    expect(field(made, 'smbios1')).not.toBe(template?.config.smbios1);
    expect(field(made, 'net0')).toMatch(/^virtio=BC:24:11(?::[0-9A-F]{2}){3},bridge=vmbr0,firewall=1$/);
    expect(field(made, 'net0')).not.toBe(template?.config.net0);
    expect(sim.simulator.world.firewalls[100]).toBe('[RULES]\n');
  });

  it('is linked by default for a template, and the base shows in the volume', async () => {
    const { run, call } = cluster();
    expect(await run('POST', clone, { newid: 100 })).toBe('OK');
    expect(field(await call('GET', config), 'scsi0')).toBe(
      'vmstore:9000/base-9000-disk-0.qcow2/100/vm-100-disk-0.qcow2,size=10G',
    );
  });

  it.each([
    [{ newid: 9000 }, 'unable to create VM 9000: config file already exists'],
    [{ newid: 100, full: 0, storage: 'vmstore' }, "parameter 'storage' not allowed for linked clones"],
    [{ newid: 100, full: 1, storage: 'nostore' }, "storage 'nostore' does not exist"],
    [{ newid: 100, full: 1, target: 'pve9' }, "no such cluster node 'pve9'"],
    [{ newid: 100, full: 1, target: 'pve2' }, "can't clone VM to node 'pve2' (VM uses local storage)"],
    [{ newid: 100, full: 1, pool: 'nopool' }, "Permission check failed (pool 'nopool' does not exist)"],
    [{ newid: 100, snapname: 'nosnap' }, "snapshot 'nosnap' does not exist"],
  ])('%o is refused at once', async (params, reason) => {
    expect((await cluster().call('POST', clone, params)).reason).toBe(reason);
  });

  it('of a missing or a locked source is refused at once', async () => {
    const { call, simulator } = cluster();
    simulator.addVm({ vmid: 101, lock: 'backup' });
    expect((await call('POST', '/nodes/pve1/qemu/8999/clone', { newid: 100 })).reason).toBe(
      "unable to find configuration file for VM 8999 on node 'pve1'",
    );
    expect((await call('POST', '/nodes/pve1/qemu/101/clone', { newid: 100 })).reason).toBe('VM is locked (backup)');
  });

  it('to an id of another node fails in the task and leaves that VM alone', async () => {
    const { run, simulator } = cluster();
    simulator.addVm({ vmid: 200, node: 'pve2', name: 'other' });
    expect(await run('POST', clone, { newid: 200 })).toBe(
      "close (rename) atomic file '/etc/pve/nodes/pve1/qemu-server/200.conf' failed: File exists",
    );
    expect(simulator.world.vms[200]).toMatchObject({ node: 'pve2', config: { name: 'other' } });
  });

  it('twice to one id: the second fails in its task, and undoes nothing of the first', async () => {
    const { call, ended, simulator } = cluster();
    const [one, two] = [await call('POST', clone, { newid: 102 }), await call('POST', clone, { newid: 102 })];
    expect([await ended(one.data), await ended(two.data)]).toEqual([
      'OK',
      'unable to create VM 102: config file already exists',
    ]);
    expect(simulator.world.vms[102]).toBeDefined();
  });

  it('blocks changes of its source, not other clones of it', async () => {
    const { call, ended } = cluster();
    const one = await call('POST', clone, { newid: 100, full: 1 });
    const two = await call('POST', clone, { newid: 101, full: 1 });
    expect([await ended(one.data), await ended(two.data)]).toEqual(['OK', 'OK']);
    const slow = cluster({ timing: { cloneFull: 30_000 } });
    await slow.call('POST', clone, { newid: 100, full: 1 });
    slow.clock.advance(1_000);
    const started = slow.clock.now();
    expect((await slow.call('PUT', '/nodes/pve1/qemu/9000/config', { description: 'x' })).reason).toBe(
      "can't lock file '/var/lock/qemu-server/lock-9000.conf' - got timeout",
    );
    expect(slow.clock.now() - started).toBe(10_000);
  });

  it('locks its target: PUT is refused at once, DELETE fails in its task', async () => {
    const { call, run, clock } = cluster({ timing: { cloneFull: 60_000 } });
    await call('POST', clone, { newid: 100, full: 1 });
    clock.advance(1_000);
    expect((await call('PUT', config, { memory: 512 })).reason).toBe('VM is locked (clone)');
    expect(await run('DELETE', '/nodes/pve1/qemu/100')).toBe(
      "can't lock file '/var/lock/qemu-server/lock-100.conf' - got timeout",
    );
  });

  it('that is stopped or fails cleans up after itself', async () => {
    const { call, run, ended, clock, simulator } = cluster();
    const { data } = await call('POST', clone, { newid: 100, full: 1 });
    clock.advance(2_000);
    await call('DELETE', `/nodes/pve1/tasks/${data}`);
    expect(await ended(data)).toBe('clone failed: interrupted by signal');
    simulator.faults.add({ path: /clone/, do: 'task-fails', reason: 'no space' });
    expect(await run('POST', clone, { newid: 101, full: 1 })).toBe('clone failed: no space');
    expect(Object.keys(simulator.world.vms)).toEqual(['9000']);
    expect(Object.keys(simulator.world.volumes)).toHaveLength(1);
  });

  it('that is killed stays locked for ever', async () => {
    const { run, call, simulator } = cluster();
    simulator.faults.add({ path: /clone/, do: 'task-killed' });
    expect(await run('POST', clone, { newid: 100, full: 1 })).toBe('unexpected status');
    expect(field(await call('GET', config), 'lock')).toBe('clone');
    expect(await run('DELETE', '/nodes/pve1/qemu/100')).toBe('VM is locked (clone)');
    expect((await call('PUT', config, { delete: 'lock' })).reason).toBe("only root can set 'lock' config");
  });

  it('is unknown and nameless in cluster/resources until the next broadcast', async () => {
    const { run, call, clock } = cluster();
    clock.advance(1_000 - (clock.now() % 10_000) + 10_000);
    await run('POST', clone, { newid: 100, name: 'web1' });
    const find = async () =>
      rows(await call('GET', '/cluster/resources', { type: 'vm' })).find((row) => row.vmid === 100);
    const fresh = await find();
    expect([fresh?.status, fresh?.name]).toEqual(['unknown', undefined]);
    clock.advance(10_000);
    expect(await find()).toMatchObject({ status: 'stopped', name: 'web1' });
  });

  it('needs the right to the bridge and its tag', async () => {
    const { call, simulator } = cluster();
    const template = simulator.world.vms[9000];
    if (template) template.config.net0 = 'virtio=BC:24:11:00:00:01,bridge=vmbr0,tag=100';
    const acl = [
      { path: '/vms', privileges: ['VM.Clone', 'VM.Allocate'] },
      { path: '/storage', privileges: ['Datastore.AllocateSpace'] },
    ];
    const token = simulator.addToken({ id: 'nosdn@pve!t', acl });
    expect((await call('POST', clone, { newid: 100 }, token.header)).reason).toBe(
      'Permission check failed (/sdn/zones/localnetwork/vmbr0/100, SDN.Use)',
    );
  });
});

it('nextid is text, reserves nothing and hands out freed ids', async () => {
  const { call, run } = cluster();
  expect((await call('GET', '/cluster/nextid')).data).toBe('100');
  await run('POST', clone, { newid: 100 });
  expect((await call('GET', '/cluster/nextid')).data).toBe('101');
  expect((await call('GET', '/cluster/nextid', { vmid: 100 })).errors).toEqual({ vmid: 'VM 100 already exists' });
  await run('DELETE', '/nodes/pve1/qemu/100');
  expect((await call('GET', '/cluster/nextid')).data).toBe('100');
});
