import { describe, expect, it } from 'vitest';
import { cluster, field, rows } from './cluster.ts';

const path = '/nodes/pve1/qemu/100/config';

function withVm(spec = {}, options: Parameters<typeof cluster>[0] = {}) {
  const sim = cluster(options);
  sim.simulator.addVm({ vmid: 100, name: 'web1', ...spec });
  return sim;
}

describe('a configuration', () => {
  it('has loose types: memory is text since 8, switches and counts are numbers', async () => {
    const nine = await withVm({ protection: true }).call('GET', path);
    expect(nine.data).toMatchObject({ memory: '2048', cores: 2, protection: 1 });
    expect(field(await withVm({}, { release: '7.4' }).call('GET', path), 'memory')).toBe(2048);
  });

  it('of another node does not exist here', async () => {
    const { call, simulator } = cluster();
    simulator.addVm({ vmid: 100, node: 'pve2' });
    expect((await call('GET', path)).reason).toBe(
      "Configuration file 'nodes/pve1/qemu-server/100.conf' does not exist",
    );
    expect((await call('GET', '/nodes/pve2/qemu/100/config')).status).toBe(200);
  });

  it('is changed only with its own digest, and the digest of the old content is valid again after a change back', async () => {
    const { call } = withVm();
    const digest = String(field(await call('GET', path), 'digest'));
    expect(await call('PUT', path, { cores: 4, digest })).toMatchObject({ status: 200, data: null });
    expect((await call('PUT', path, { cores: 2, digest })).reason).toBe(
      'checksum mismatch (file change by other user?)',
    );
    await call('PUT', path, { cores: 2 });
    expect((await call('PUT', path, { cores: 8, digest })).status).toBe(200);
  });

  it('takes pending values at the next start where the guest runs', async () => {
    const { call, run } = withVm({ running: true });
    await call('PUT', path, { cores: 4, name: 'web2' });
    expect(field(await call('GET', path), 'cores')).toBe(4);
    expect(field(await call('GET', path, { current: 1 }), 'cores')).toBe(2);
    expect(rows(await call('GET', '/nodes/pve1/qemu/100/pending')).find((row) => row.key === 'cores')).toEqual({
      key: 'cores',
      value: 2,
      pending: 4,
    });
    expect(field(await call('GET', path, { current: 1 }), 'name')).toBe('web2');
    await run('POST', '/nodes/pve1/qemu/100/status/stop');
    await run('POST', '/nodes/pve1/qemu/100/status/start');
    expect(field(await call('GET', path, { current: 1 }), 'cores')).toBe(4);
  });

  it('reverts what is pending', async () => {
    const { call } = withVm({ running: true });
    await call('PUT', path, { cores: 4 });
    await call('PUT', path, { revert: 'cores' });
    expect(field(await call('GET', path), 'cores')).toBe(2);
  });

  it('gets a new MAC on every write that leaves it out', async () => {
    const { call } = withVm();
    const macs = [];
    for (let round = 0; round < 2; round += 1) {
      await call('PUT', path, { net0: 'virtio,bridge=vmbr0' });
      macs.push(field(await call('GET', path), 'net0'));
    }
    expect(macs[0]).toMatch(/^virtio=BC:24:11:/);
    expect(macs[0]).not.toBe(macs[1]);
  });

  it('keeps a disk that is taken off or replaced as unused, until that goes too', async () => {
    const { call, simulator } = withVm();
    await call('POST', path, { scsi1: 'vmstore:1' });
    const { data } = await call('PUT', path, { delete: 'scsi0' });
    expect(data).toBeNull();
    expect(field(await call('GET', path), 'unused0')).toBe('vmstore:100/vm-100-disk-0.qcow2');
    await call('PUT', path, { delete: 'unused0' });
    expect(simulator.world.volumes['pve1|vmstore:100/vm-100-disk-0.qcow2']).toBeUndefined();
  });

  it('has its tags sorted, in lower case and without doubles, and its password masked', async () => {
    const { call } = withVm();
    await call('PUT', path, { tags: 'B;a,b', cipassword: 's3cret' });
    expect((await call('GET', path)).data).toMatchObject({ tags: 'a;b', cipassword: '**********' });
  });

  it.each([
    [{}, 500, 'no options specified'],
    [{ lock: 'backup' }, 500, "only root can set 'lock' config"],
    [{ sshkeys: 'notakey%20here' }, 500, 'SSH public key validation error'],
    [{ balloon: 4096 }, 500, 'balloon value too large (must be smaller than assigned memory)'],
  ])('%o is refused: %i %s', async (params, status, reason) => {
    expect(await withVm().call('PUT', path, params)).toMatchObject({ status, reason });
  });

  it.each([
    [
      { memory: 4 },
      { memory: 'invalid format - format error\nmemory.current: value must have a minimum value of 16\n' },
    ],
    [{ sshkeys: 'ssh-rsa AAA u@h' }, { sshkeys: 'invalid format - invalid urlencoded string: ssh-rsa AAA u@h\n' }],
    [{ delete: 'bogus' }, { delete: "unknown option 'bogus'" }],
    [{ cores: 2, delete: 'cores' }, { delete: "you can't use '-cores' and -delete cores' at the same time" }],
    [{ digest: 'x'.repeat(50), cores: 1 }, { digest: 'value may only be 40 characters long' }],
    [{ onboot: 'true' }, { onboot: "type check ('boolean') failed - got 'true'" }],
    [{ skiplock: 1, cores: 1 }, { skiplock: 'Only root may use this option.' }],
  ])('%o is refused by its own text', async (params, errors) => {
    expect((await withVm().call('PUT', path, params)).errors).toEqual(errors);
  });

  it('needs the right to each option', async () => {
    const { call, simulator } = withVm();
    const acl = [{ path: '/vms/100', privileges: ['VM.Config.Options'] }];
    const token = simulator.addToken({ id: 'few@pve!t', acl });
    expect((await call('PUT', path, { name: 'a' }, token.header)).status).toBe(200);
    expect((await call('PUT', path, { cores: 1 }, token.header)).reason).toBe(
      'Permission check failed (/vms/100, VM.Config.CPU)',
    );
  });

  it('that is locked is refused at once, by PUT and by POST', async () => {
    const { call } = withVm({ lock: 'backup' });
    for (const method of ['PUT', 'POST']) {
      expect(await call(method, path, { cores: 1 })).toMatchObject({ status: 500, reason: 'VM is locked (backup)' });
    }
  });
});

it('a change that waited for the lock file looks at the lock of the configuration again', async () => {
  const { call, clock, simulator } = withVm({ running: true, guest: { shutdownMs: 3_000 } });
  await call('POST', '/nodes/pve1/qemu/100/status/shutdown');
  clock.advance(1_000);
  const waiting = call('PUT', path, { cores: 4 });
  await clock.sleep(1);
  Object.assign(simulator.world.vms[100]?.config ?? {}, { lock: 'backup' });
  expect((await waiting).reason).toBe('VM is locked (backup)');
});

describe('resize', () => {
  const resize = '/nodes/pve1/qemu/100/resize';

  it('is a task since 8 and fails there', async () => {
    const { run, call } = withVm();
    expect(await run('PUT', resize, { disk: 'scsi0', size: '+1G' })).toBe('OK');
    expect(await run('PUT', resize, { disk: 'scsi0', size: '11G' })).toBe('OK');
    expect(field(await call('GET', path), 'scsi0')).toBe('vmstore:100/vm-100-disk-0.qcow2,size=11G');
    expect(await run('PUT', resize, { disk: 'scsi0', size: '2G' })).toBe('shrinking disks is not supported');
    expect(await run('PUT', resize, { disk: 'scsi5', size: '2G' })).toBe("disk 'scsi5' does not exist");
  });

  it('answers null on 7 and fails at once', async () => {
    const { call } = withVm({}, { release: '7.4' });
    expect(await call('PUT', resize, { disk: 'scsi0', size: '12G' })).toMatchObject({ status: 200, data: null });
    expect(await call('PUT', resize, { disk: 'scsi0', size: '2G' })).toMatchObject({
      status: 500,
      reason: 'shrinking disks is not supported',
    });
  });
});

it('a template is made of a stopped VM and renames its disk', async () => {
  const { run, call } = withVm();
  expect(await run('POST', '/nodes/pve1/qemu/100/template')).toBe('OK');
  expect((await call('GET', path)).data).toMatchObject({
    template: 1,
    scsi0: 'vmstore:100/base-100-disk-0.qcow2,size=10G',
  });
  const running = withVm({ running: true });
  expect((await running.call('POST', '/nodes/pve1/qemu/100/template')).reason).toBe(
    "you can't convert a VM to template if VM is running",
  );
});
