import { describe, expect, test, vi } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import type { Cluster } from '../../../src/proxmox/cluster.ts';
import { clusterFor, data, rejection, settingsFor, startApi } from './api-server.ts';

const upid = 'UPID:pve1:00001238:0006ED00:6B024D40:qmdestroy:100:vmctl@pve!cron:';

/** A server that takes 30 ms for each request and notes how many of a kind it had at once. */
async function countingApi(kindOf: (method: string, path: string) => string) {
  const now = new Map<string, number>();
  const most = new Map<string, number>();
  const api = await startApi(async ({ method, path }) => {
    const kind = kindOf(method, path);
    const count = (now.get(kind) ?? 0) + 1;
    now.set(kind, count);
    most.set(kind, Math.max(count, most.get(kind) ?? 0));
    await new Promise((resolve) => setTimeout(resolve, 30));
    now.set(kind, (now.get(kind) ?? 1) - 1);
    return data(method === 'GET' ? [] : upid);
  });
  const cluster = clusterFor(settingsFor([api.url]), { clock: systemClock });
  return { api, most, cluster };
}

function times<T>(count: number, make: (index: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => make(index)));
}

describe('limits', () => {
  test('at most so many requests are in flight on a node, whatever another node has', async () => {
    const { most, cluster } = await countingApi((_method, path) => path.split('/')[2] ?? '');
    await Promise.all([
      times(12, (index) => cluster.vmStatus('pve1', 100 + index).catch(() => undefined)),
      times(12, (index) => cluster.vmStatus('pve2', 200 + index).catch(() => undefined)),
    ]);
    expect(most).toEqual(
      new Map([
        ['pve1', 4],
        ['pve2', 4],
      ]),
    );
  });

  test('at most two of them are changes, and reads pass those that wait', async () => {
    const { api, most, cluster } = await countingApi((method) => method);
    const changes = times(6, (index) => cluster.destroyVm('pve1', 100 + index));
    await cluster.listVms('pve1');
    expect(api.seen.filter(({ method }) => method === 'DELETE').length).toBeLessThan(6);
    await changes;
    expect(most.get('DELETE')).toBe(2);
  });

  test('a VM gets one change at a time, since the second would block a worker of its node', async () => {
    const { most, cluster } = await countingApi((_method, path) => path.split('/')[4] ?? '');
    await times(3, () => cluster.stop('pve1', 100));
    expect(most.get('100')).toBe(1);
  });

  test('are shared out among the ticks that are alive, and can change while calls wait', async () => {
    const { most, cluster } = await countingApi((method) => method);
    cluster.setShare(4);
    await times(4, () => cluster.listVms('pve1'));
    expect(most.get('GET')).toBe(1);
    const waiting: Promise<unknown> = times(8, (index) => listOf(cluster, index));
    cluster.setShare(1);
    await waiting;
    expect(most.get('GET')).toBe(4);
  });

  test('leave at least one request to each of very many ticks', async () => {
    const { cluster } = await countingApi(() => '');
    cluster.setShare(100);
    expect(await cluster.destroyVm('pve1', 100)).toBe(upid);
  });

  test('whoever gives up waiting for his turn never sends, and blocks nobody', async () => {
    const { api, cluster } = await countingApi(() => '');
    cluster.setShare(4);
    const stop = new AbortController();
    const first = cluster.destroyVm('pve1', 100);
    const second = rejection(cluster.withSignal(stop.signal).destroyVm('pve1', 101));
    const third = cluster.destroyVm('pve1', 102);
    await vi.waitFor(() => expect(api.seen).toHaveLength(1), { interval: 2 });
    stop.abort(new Error('enough'));
    expect(await second).toMatchObject({ message: 'enough' });
    await Promise.all([first, third]);
    expect(api.calls()).toEqual(['DELETE /nodes/pve1/qemu/100', 'DELETE /nodes/pve1/qemu/102']);
  });
});

function listOf(cluster: Cluster, index: number): Promise<unknown> {
  return cluster.volumes('pve1', 'local', { vmid: index });
}
