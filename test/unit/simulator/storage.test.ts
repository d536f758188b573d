import { describe, expect, it } from 'vitest';
import { cluster, rows, START } from './cluster.ts';

const local = '/nodes/pve1/storage/local/content';

function withBackups() {
  const sim = cluster();
  sim.simulator.addVm({ vmid: 100, uuid: '11111111-2222-4333-8444-555555555555', description: 'vmctl:a:1:service' });
  const first = sim.simulator.addBackup({ vmid: 100, at: START - 86_400_000, notes: 'night' });
  const kept = sim.simulator.addBackup({ vmid: 100, at: START, protected: true });
  const shared = sim.simulator.addBackup({ vmid: 100, at: START, storage: 'nfs' });
  sim.simulator.addBackup({ vmid: 101, at: START, uuid: null });
  return { ...sim, first, kept, shared };
}

describe('the content of a storage', () => {
  it('is listed by kind and VMID', async () => {
    const { call, first, kept } = withBackups();
    const list = rows(await call('GET', local, { content: 'backup', vmid: 100 }));
    expect(list.map((row) => row.volid)).toEqual([first.volid, kept.volid]);
    expect(list[0]).toMatchObject({ subtype: 'qemu', format: 'vma.zst', vmid: 100, notes: 'night' });
    expect(list[1]).toMatchObject({ protected: 1 });
    expect(first.volid).toBe('local:backup/vzdump-qemu-100-2026_04_17-01_36_00.vma.zst');
  });

  it('is the same on every node where the storage is shared, and only its own where it is not', async () => {
    const { call, shared } = withBackups();
    for (const node of ['pve1', 'pve2']) {
      const list = rows(await call('GET', `/nodes/${node}/storage/nfs/content`, { content: 'backup' }));
      expect(list.map((row) => row.volid)).toEqual([shared.volid]);
    }
    expect(rows(await call('GET', '/nodes/pve2/storage/local/content'))).toEqual([]);
  });

  it('silently leaves out what the token may not access', async () => {
    const { call, simulator } = withBackups();
    const acl = [
      { path: '/storage', privileges: ['Datastore.AllocateSpace'] },
      { path: '/vms/101', privileges: ['VM.Backup'] },
    ];
    const token = simulator.addToken({ id: 'few@pve!t', acl });
    expect(rows(await call('GET', local, {}, token.header)).map((row) => row.vmid)).toEqual([101]);
  });

  it.each([
    ['/nodes/pve1/storage/nope/content', "storage 'nope' does not exist"],
    ['/nodes/pve2/storage/only1/content', "storage 'only1' is not available on node 'pve2'"],
    [
      '/nodes/pve1/storage/off/content',
      "unable to activate storage 'off' - directory is expected to be a mount point but is not mounted: '/mnt/pve/off'",
    ],
    ['/nodes/pve1/storage/disabled/content', "storage 'disabled' is disabled"],
  ])('%s is refused', async (path, reason) => {
    const { call, simulator } = cluster();
    simulator.addStorage({ id: 'only1', nodes: ['pve1'] });
    simulator.addStorage({ id: 'off', active: false });
    simulator.addStorage({ id: 'disabled', enabled: false });
    expect(await call('GET', path)).toMatchObject({ status: 500, reason });
  });
});

describe('removing a volume', () => {
  it('is a task named after VMID and storage; a second time it is still OK', async () => {
    const { call, ended, taskLog, first } = withBackups();
    const path = `${local}/${encodeURIComponent(first.volid)}`;
    const { data } = await call('DELETE', path);
    expect(String(data)).toContain(':imgdel:100@local:');
    expect(await ended(data)).toBe('OK');
    expect(await taskLog(data)).toEqual([`Removed volume '${first.volid}'`, 'TASK OK']);
    const again = await call('DELETE', path);
    expect(await ended(again.data)).toBe('OK');
    expect((await taskLog(again.data))[0]).toMatch(/does not exist$/);
  });

  it('takes a volume id that is not encoded', async () => {
    const { run, first } = withBackups();
    expect(await run('DELETE', `${local}/${first.volid}`)).toBe('OK');
  });

  it('fails in its task where the backup is protected', async () => {
    const { run, kept } = withBackups();
    const name = kept.volid.slice('local:'.length);
    expect(await run('DELETE', `${local}/${kept.volid}`)).toBe(`cannot remove protected volume '${name}' on 'local'`);
  });

  it('answers null where it was done within the delay', async () => {
    const { call, first } = withBackups();
    expect(await call('DELETE', `${local}/${first.volid}`, { delay: 5 })).toMatchObject({ status: 200, data: null });
  });

  it('of an image needs Datastore.Allocate, of a backup not', async () => {
    const { call, run, simulator, first } = withBackups();
    const acl = [
      { path: '/storage', privileges: ['Datastore.AllocateSpace', 'Datastore.Audit'] },
      { path: '/vms', privileges: ['VM.Backup', 'VM.Config.Disk'] },
    ];
    const token = simulator.addToken({ id: 'few@pve!t', acl });
    const image = '/nodes/pve1/storage/vmstore/content/vmstore:100/vm-100-disk-0.qcow2';
    expect((await call('DELETE', image, {}, token.header)).reason).toBe(
      'Permission check failed (/storage/vmstore, Datastore.Allocate)',
    );
    expect(await run('DELETE', `${local}/${first.volid}`, {}, token.header)).toBe('OK');
    expect(await run('DELETE', image)).toBe('OK');
  });

  it('fails in its task where a linked clone hangs on the image, or its storage stays busy', async () => {
    const { run, simulator } = cluster();
    const base = '/nodes/pve1/storage/vmstore/content/vmstore:9000/base-9000-disk-0.qcow2';
    await run('POST', '/nodes/pve1/qemu/9000/clone', { newid: 100 });
    expect(await run('DELETE', base)).toBe(
      "base volume '9000/base-9000-disk-0.qcow2' is still in use by linked clones",
    );
    simulator.holdStorageLock('vmstore', 60_000);
    expect(await run('DELETE', base)).toBe("can't lock file '/var/lock/pve-manager/pve-storage-vmstore' - got timeout");
  });
});

it('the configuration of a backup tells whose it is', async () => {
  const { call, first } = withBackups();
  const extracted = await call('GET', '/nodes/pve1/vzdump/extractconfig', { volume: first.volid });
  expect(extracted.data).toContain('smbios1: uuid=11111111-2222-4333-8444-555555555555\n');
  expect(extracted.data).toContain('#vmctl:a:1:service\n');
  const foreign = await call('GET', '/nodes/pve1/vzdump/extractconfig', {
    volume: 'local:backup/vzdump-qemu-101-2026_04_18-01_36_00.vma.zst',
  });
  expect(foreign.data).not.toContain('smbios1');
});

it('the storages of a node are told by content and state', async () => {
  const { call, simulator } = cluster();
  simulator.addStorage({ id: 'disabled', enabled: false, content: ['backup'] });
  const list = rows(await call('GET', '/nodes/pve1/storage', { content: 'backup', enabled: 1 }));
  expect(list.map((row) => [row.storage, row.shared])).toEqual([
    ['local', 0],
    ['nfs', 1],
  ]);
  expect(rows(await call('GET', '/storage')).map((row) => row.storage)).toEqual([
    'vmstore',
    'local',
    'nfs',
    'disabled',
  ]);
});
