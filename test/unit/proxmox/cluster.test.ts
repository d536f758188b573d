import { describe, expect, test } from 'vitest';
import { findBackups, uuidOfBackup } from '../../../src/proxmox/backups.ts';
import { clusterFor, data, type Reply, refusal, rejection, type Seen, settingsFor, startApi } from './api-server.ts';

const upid = 'UPID:pve1:00001238:0006ED00:6B024D40:qmstop:100:vmctl@pve!cron:';
const forbidden = refusal('Permission check failed (/, Sys.Audit)', 403);

async function clusterOf(handler: (seen: Seen) => Reply) {
  const api = await startApi(handler);
  return { api, cluster: clusterFor(settingsFor([api.url])) };
}

describe('the quorum', () => {
  test.each([
    ['as the cluster says it', [{ type: 'cluster', quorate: 1 }], true],
    ['as the cluster denies it', [{ type: 'cluster', quorate: '0' }, { type: 'node' }], false],
    ['needless for a node that stands alone', [{ type: 'node', name: 'pve1', online: 1 }], true],
  ])('is %s', async (_how, status, quorate) => {
    const { cluster } = await clusterOf(() => data(status));
    expect(await cluster.quorate()).toBe(quorate);
  });

  test.each([
    [['online', 'online', 'offline'], true],
    [['online', 'offline'], false],
    [['unknown', 'offline', 'online'], false],
  ])('without Sys.Audit is the majority of %j', async (statuses, quorate) => {
    const nodes = statuses.map((status, index) => ({ node: `pve${index}`, status }));
    const { cluster } = await clusterOf(({ path }) => (path === '/nodes' ? data(nodes) : forbidden));
    expect(await cluster.quorate()).toBe(quorate);
  });
});

describe('a VMID', () => {
  test('is free or taken as nextid says, and every other error is one', async () => {
    const { cluster } = await clusterOf(({ url }) => {
      if (url.endsWith('vmid=100')) return data('100');
      const errors = url.endsWith('vmid=101') ? { vmid: 'VM 101 already exists' } : { vmid: 'invalid format' };
      return { status: 400, reason: 'Parameter verification failed.', body: { data: null, errors } };
    });
    expect(await cluster.isVmidFree(100)).toBe(true);
    expect(await cluster.isVmidFree(101)).toBe(false);
    expect(await rejection(cluster.isVmidFree(5))).toMatchObject({ reason: 'parameter' });
  });

  test('is located by one reading that all share for 2 s, unless a fresh one is wanted', async () => {
    const vms = [
      { vmid: '100', node: 'pve2', type: 'qemu', status: 'unknown' },
      { vmid: 101, node: 'pve1', type: 'lxc', hastate: 'started' },
    ];
    const { api, cluster } = await clusterOf(() => data(vms));
    const found = await Promise.all([100, 101, 102].map((vmid) => cluster.locate(vmid)));
    expect(found).toEqual([
      { node: 'pve2', type: 'qemu', ha: false },
      { node: 'pve1', type: 'lxc', ha: true },
      undefined,
    ]);
    expect(api.seen.map(({ url }) => url)).toEqual(['/api2/json/cluster/resources?type=vm']);
    await cluster.locate(100, { fresh: true });
    expect(api.seen).toHaveLength(2);
    await cluster.clock.sleep(2_100);
    await cluster.locate(100);
    expect(api.seen).toHaveLength(3);
  });

  test('is located by a new reading after one that failed', async () => {
    let times = 0;
    const { cluster } = await clusterOf(() => (++times === 1 ? refusal('no') : data([])));
    await rejection(cluster.locate(100));
    expect(await cluster.locate(100)).toBeUndefined();
  });
});

describe('answers', () => {
  test('with loose types are understood', async () => {
    const { cluster } = await clusterOf(() =>
      data([
        { vmid: '100', status: 'running', template: '1' },
        { vmid: 101, status: 'stopped', lock: 'clone' },
      ]),
    );
    expect(await cluster.listVms('pve1')).toEqual([
      { vmid: 100, name: '', status: 'running', lock: undefined, template: true },
      { vmid: 101, name: '', status: 'stopped', lock: 'clone', template: false },
    ]);
  });

  test('that are not what the call gives are errors that name the call', async () => {
    const { cluster } = await clusterOf(() => data([{ vmid: 100, status: 'sleeping' }]));
    expect(await rejection(cluster.listVms('pve1'))).toMatchObject({
      reason: 'other',
      kind: 'permanent',
      message: expect.stringContaining('GET /nodes/pve1/qemu'),
    });
  });

  test('without a UPID to a change leave an unknown outcome', async () => {
    const { cluster } = await clusterOf(() => data(null));
    expect(await rejection(cluster.destroyVm('pve1', 100))).toMatchObject({ reason: 'other', kind: 'unknown' });
  });

  test('about a VM under HA say so', async () => {
    const { cluster } = await clusterOf(() => data({ status: 'running', qmpstatus: 'paused', ha: { managed: '1' } }));
    expect(await cluster.vmStatus('pve1', 100)).toMatchObject({ haManaged: true, qmpstatus: 'paused' });
  });
});

describe('a forced stop', () => {
  const overruling = ({ body }: Seen): boolean => body.includes('overrule-shutdown');

  test('overrules a shutdown that is going on', async () => {
    const { api, cluster } = await clusterOf(() => data(upid));
    expect(await cluster.forceStop('pve1', 100, { ha: false })).toBe(upid);
    expect(api.seen.map(overruling)).toEqual([true]);
  });

  test('is a plain stop for a VM under HA, known to be so or not', async () => {
    const errors = { 'overrule-shutdown': 'Not applicable for HA resources.' };
    const refused = { status: 400, reason: 'Parameter verification failed.', body: { data: null, errors } };
    const { api, cluster } = await clusterOf((seen) => (overruling(seen) ? refused : data(upid)));
    await cluster.forceStop('pve1', 100, { ha: true });
    await cluster.forceStop('pve1', 100, { ha: false });
    expect(api.seen.map(overruling)).toEqual([false, true, false]);
  });

  test('before 8.2 aborts the shutdown first', async () => {
    const shutdown = upid.replace('qmstop', 'qmshutdown');
    const errors = { 'overrule-shutdown': 'property is not defined in schema' };
    const refused = { status: 400, reason: 'Parameter verification failed.', body: { data: null, errors } };
    const { api, cluster } = await clusterOf((seen) => {
      if (overruling(seen)) return refused;
      if (seen.path.endsWith('/tasks')) return data([{ upid: shutdown, starttime: 1 }]);
      if (seen.path.endsWith('/status')) return data({ status: 'running' });
      return data(seen.method === 'DELETE' ? null : upid);
    });
    await cluster.forceStop('pve1', 100, { ha: false });
    expect(api.calls().slice(-2)).toEqual([
      `DELETE /nodes/pve1/tasks/${shutdown}`,
      'POST /nodes/pve1/qemu/100/status/stop',
    ]);
  });
});

describe('backups', () => {
  const storages = [
    { storage: 'nfs', node: 'pve1', status: 'available', shared: 1, content: 'backup,iso' },
    { storage: 'nfs', node: 'pve2', status: 'available', shared: 1, content: 'backup,iso' },
    { storage: 'local', node: 'pve1', status: 'available', shared: 0, content: 'backup' },
    { storage: 'local', node: 'pve2', status: 'available', shared: 0, content: 'backup' },
    { storage: 'lvm', node: 'pve1', status: 'available', shared: 0, content: 'images' },
    { storage: 'off', node: 'pve1', status: 'unknown', shared: 0, content: 'backup' },
  ];

  test('are looked for on each storage that can hold them, on shared ones once; one that fails stops nothing', async () => {
    const { cluster } = await clusterOf(({ path }) => {
      if (path === '/cluster/resources') return data(storages);
      if (path.startsWith('/nodes/pve2/storage/local')) return refusal('Connection refused', 595);
      const [, , node, , storage] = path.split('/');
      return data([{ volid: `${storage}:backup/${node}`, content: 'backup', vmid: 100, protected: storage === 'nfs' }]);
    });
    const { backups, errors } = await findBackups(cluster, 100);
    expect(backups.map(({ volid, protected: kept }) => [volid, kept])).toEqual([
      ['nfs:backup/pve2', true],
      ['local:backup/pve1', false],
    ]);
    expect(errors).toMatchObject([
      { node: 'pve1', storage: 'off', error: { reason: 'storage' } },
      { node: 'pve2', storage: 'local', error: { reason: 'node-unreachable' } },
    ]);
  });

  test('tell by their own configuration whose they are', async () => {
    const config = 'name: web1\nsmbios1: uuid=1B4E28BA-2FA1-11D2-883F-0016D3CCA427\n';
    const { api, cluster } = await clusterOf(() => data(config));
    expect(await uuidOfBackup(cluster, 'pve1', 'local:backup/x.vma')).toBe('1b4e28ba-2fa1-11d2-883f-0016d3cca427');
    expect(api.seen[0]?.url).toBe('/api2/json/nodes/pve1/vzdump/extractconfig?volume=local%3Abackup%2Fx.vma');
  });
});
