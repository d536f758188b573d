import { describe, expect, test } from 'vitest';
import { proveDeath } from '../../../src/proxmox/death.ts';
import { clusterFor, data, type Reply, refusal, rejection, settingsFor, startApi } from './api-server.ts';

const upid = 'UPID:pve1:00001238:0006ED00:6B024D40:imgdel:100@lvm:vmctl@pve!cron:';
const taken: Reply = {
  status: 400,
  reason: 'Parameter verification failed.',
  body: { errors: { vmid: 'VM 100 already exists' } },
};

interface World {
  quorate?: boolean;
  /** Answers of nextid, one after another; the last one stays. */
  free?: boolean[];
  content?: object[] | Reply;
  deletion?: Reply;
  exitstatus?: string;
}

async function death(world: World, volumes = ['lvm:vm-100-disk-0', 'lvm:vm-100-cloudinit'], node?: string) {
  const free = [...(world.free ?? [true])];
  const api = await startApi(({ method, path }) => {
    if (path === '/cluster/status') return data([{ type: 'cluster', quorate: world.quorate === false ? 0 : 1 }]);
    if (path === '/cluster/nextid') return ((free.length > 1 ? free.shift() : free[0]) ?? true) ? data('100') : taken;
    if (path === '/nodes')
      return data([
        { node: 'down', status: 'offline' },
        { node: 'pve1', status: 'online' },
      ]);
    if (path.endsWith('/status')) return data({ status: 'stopped', exitstatus: world.exitstatus ?? 'OK' });
    if (path.endsWith('/log')) return data([]);
    if (method === 'DELETE') return world.deletion ?? data(upid);
    const content = world.content ?? [];
    return Array.isArray(content) ? data(content) : content;
  });
  const cluster = clusterFor(settingsFor([api.url]));
  return { api, deletions: () => api.calls().filter((call) => call.startsWith('DELETE')), cluster, volumes, node };
}

async function prove(world: World, volumes?: string[], node: string | undefined = 'pve1') {
  const setup = await death(world, volumes, node);
  const result = await proveDeath(setup.cluster, { vmid: 100, node, volumes: setup.volumes });
  return { ...setup, result };
}

const disk = { volid: 'lvm:vm-100-disk-0', content: 'images', vmid: 100 };

describe('the death of a VM', () => {
  test('is proven by a free VMID on a quorate cluster without a volume left', async () => {
    const { result, deletions } = await prove({});
    expect(result).toEqual({ gone: true, left: [], deleted: [], notes: [] });
    expect(deletions()).toEqual([]);
  });

  test('is not proven without a quorum, whatever nextid says', async () => {
    expect((await prove({ quorate: false })).result).toMatchObject({
      gone: false,
      why: expect.stringContaining('quorum'),
    });
  });

  test('is not proven while the VMID is taken, and nothing is deleted', async () => {
    const { result, deletions } = await prove({ free: [false], content: [disk] });
    expect(result).toMatchObject({ gone: false });
    expect(deletions()).toEqual([]);
  });

  test('is not assumed where the question fails', async () => {
    const api = await startApi(() => refusal('Connection timed out', 596));
    const cluster = clusterFor(settingsFor([api.url]));
    expect(await rejection(proveDeath(cluster, { vmid: 100, volumes: [] }))).toMatchObject({ kind: 'transient' });
  });
});

describe('volumes that a destroyed VM left', () => {
  test('are deleted, if its configuration named them', async () => {
    const { result, deletions } = await prove({ content: [disk] });
    expect(result).toMatchObject({ gone: true, deleted: ['lvm:vm-100-disk-0'], left: [] });
    expect(deletions()).toEqual(['DELETE /nodes/pve1/storage/lvm/content/lvm:vm-100-disk-0']);
  });

  test('are only reported, if its configuration did not name them: they may be those of another cluster', async () => {
    const { result, deletions } = await prove({ content: [{ ...disk, volid: 'lvm:vm-100-disk-7' }] });
    expect(result).toMatchObject({ gone: true, deleted: [], left: ['lvm:vm-100-disk-7'] });
    expect(deletions()).toEqual([]);
  });

  test('are no backups, and not those of another VM', async () => {
    const content = [
      { volid: 'lvm:backup/vzdump-qemu-100.vma.zst', content: 'backup', vmid: 100 },
      { volid: 'lvm:vm-100-disk-0', content: 'backup', vmid: 100 },
      { volid: 'lvm:vm-1001-disk-0', content: 'images', vmid: 1001 },
      { volid: 'lvm:base-9000-disk-0', content: 'images', vmid: 100 },
    ];
    const { result, deletions } = await prove({ content });
    expect(result).toEqual({ gone: true, left: [], deleted: [], notes: [] });
    expect(deletions()).toEqual([]);
  });

  test('are kept and reported when the token may not delete them', async () => {
    const deletion = refusal('Permission check failed (/storage/lvm, Datastore.Allocate)', 403);
    const { result } = await prove({ content: [disk], deletion });
    expect(result).toMatchObject({ gone: true, deleted: [], left: ['lvm:vm-100-disk-0'] });
    expect(result).toMatchObject({ notes: [expect.stringContaining('Datastore.Allocate')] });
  });

  test('are reported when the deletion fails in its task', async () => {
    const { result } = await prove({ content: [disk], exitstatus: 'volume is in use' });
    expect(result).toMatchObject({ left: ['lvm:vm-100-disk-0'], notes: [expect.stringContaining('in use')] });
  });

  test('are kept when the VMID has been taken again a moment ago', async () => {
    const { result, deletions } = await prove({ content: [disk], free: [true, false] });
    expect(result).toMatchObject({ gone: true, left: ['lvm:vm-100-disk-0'], deleted: [] });
    expect(deletions()).toEqual([]);
  });

  test('on a storage that does not answer are said not to have been looked at, and hold nothing up', async () => {
    const { result } = await prove({ content: refusal("storage 'lvm' is not available on node 'pve1'") });
    expect(result).toMatchObject({ gone: true, notes: [expect.stringContaining('lvm')] });
  });

  test('are looked for on a node that is online, if its own is not known', async () => {
    const setup = await death({ content: [disk] });
    await proveDeath(setup.cluster, { vmid: 100, node: undefined, volumes: setup.volumes });
    expect(setup.deletions()).toEqual(['DELETE /nodes/pve1/storage/lvm/content/lvm:vm-100-disk-0']);
  });
});
