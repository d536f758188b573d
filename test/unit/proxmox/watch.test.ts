import { describe, expect, test } from 'vitest';
import { type Api, clusterFor, data, refusal, rejection, type Seen, settingsFor, startApi } from './api-server.ts';

function upidOf(index: number): string {
  const pid = index.toString(16).toUpperCase().padStart(8, '0');
  return `UPID:pve1:${pid}:0006ED00:${(0x6b024d40 + index).toString(16).toUpperCase()}:qmdestroy:${index}:vmctl@pve!cron:`;
}

const indexes = [0, 1, 2, 3, 4];

function pathsOf(api: Api): string[] {
  return api.seen.map(({ path }) => path.replace(/UPID:pve1:0+([0-9A-F]+):.*:\//, '$1/'));
}

describe('watching the power of VMs', () => {
  test('many on one node are answered by one list', async () => {
    const api = await startApi(() =>
      data(indexes.map((vmid) => ({ vmid, status: vmid % 2 ? 'running' : 'stopped', name: 'x' }))),
    );
    const { watch } = clusterFor(settingsFor([api.url]));
    const readings = await Promise.all(indexes.map((vmid) => watch.power('pve1', vmid)));
    expect(readings.map(({ status }) => status)).toEqual(['stopped', 'running', 'stopped', 'running', 'stopped']);
    expect(api.calls()).toEqual(['GET /nodes/pve1/qemu']);
  });

  test('a VM that is missing from the list is elsewhere, never stopped', async () => {
    const api = await startApi(() => data([{ vmid: 1, status: 'running' }]));
    const { watch } = clusterFor(settingsFor([api.url]));
    const [one, two] = await Promise.all([1, 2, 3].map((vmid) => watch.power('pve1', vmid)));
    expect([one?.status, two?.status]).toEqual(['running', 'elsewhere']);
  });

  test('one or two are asked for themselves, and a missing one is elsewhere too', async () => {
    const api = await startApi(({ path }) =>
      path.includes('/7/')
        ? refusal("Configuration file 'nodes/pve1/qemu-server/7.conf' does not exist")
        : data({ status: 'running', lock: 'backup' }),
    );
    const { watch } = clusterFor(settingsFor([api.url]));
    const readings = await Promise.all([watch.power('pve1', 7), watch.power('pve1', 8)]);
    expect(readings).toEqual([{ status: 'elsewhere' }, { status: 'running', lock: 'backup' }]);
    expect(api.calls().toSorted()).toEqual([
      'GET /nodes/pve1/qemu/7/status/current',
      'GET /nodes/pve1/qemu/8/status/current',
    ]);
  });

  test('two that wait for the same VM cost one request', async () => {
    const api = await startApi(() => data({ status: 'running' }));
    const { watch } = clusterFor(settingsFor([api.url]));
    await Promise.all([watch.power('pve1', 7), watch.power('pve1', 7), watch.power('pve1', 7)]);
    expect(api.seen).toHaveLength(1);
  });

  test('a node that does not answer fails those that wait there, not those on another', async () => {
    const api = await startApi(({ path }) =>
      path.includes('pve2') ? refusal('No route to host', 595) : data({ status: 'running' }),
    );
    const { watch } = clusterFor(settingsFor([api.url]));
    const down = rejection(watch.power('pve2', 8));
    expect(await watch.power('pve1', 7)).toMatchObject({ status: 'running' });
    expect(await down).toMatchObject({ reason: 'node-unreachable' });
  });

  test('whoever gives up waiting is let go, and the others are answered', async () => {
    const api = await startApi(() => data({ status: 'running' }));
    const { watch } = clusterFor(settingsFor([api.url]));
    const stop = new AbortController();
    const first = rejection(watch.power('pve1', 7, { signal: stop.signal }));
    const second = watch.power('pve1', 7);
    stop.abort(new Error('enough'));
    expect(await first).toMatchObject({ message: 'enough' });
    expect(await second).toMatchObject({ status: 'running' });
  });
});

/** Lists the tasks as given; each one's own status is `OK`. */
function taskApi(listed: () => object[]): (seen: Seen) => ReturnType<typeof data> {
  return ({ path }) => (path.endsWith('/tasks') ? data(listed()) : data({ status: 'stopped', exitstatus: 'OK' }));
}

describe('watching tasks', () => {
  test('many on one node are answered by one list since the earliest of them, with room for all', async () => {
    const listed = indexes.map((index) => ({ upid: upidOf(index), starttime: 0, status: 'OK' }));
    const api = await startApi(taskApi(() => listed));
    const { watch } = clusterFor(settingsFor([api.url]));
    const states = await Promise.all(indexes.map((index) => watch.task(upidOf(index))));
    expect(states.map(({ state }) => state)).toEqual(indexes.map(() => 'done'));
    expect(api.seen.map(({ url }) => url)).toEqual([
      `/api2/json/nodes/pve1/tasks?source=all&since=${0x6b024d40}&limit=5000`,
    ]);
  });

  test('one that the list does not have is asked for itself', async () => {
    const listed = [0, 1, 2].map((index) => ({ upid: upidOf(index), starttime: 0, status: 'RUNNING' }));
    const api = await startApi(taskApi(() => listed));
    const { watch } = clusterFor(settingsFor([api.url]));
    const states = await Promise.all([0, 1, 2, 3].map((index) => watch.task(upidOf(index))));
    expect(states.map(({ state }) => state)).toEqual(['running', 'running', 'running', 'done']);
    expect(pathsOf(api)).toEqual(['/nodes/pve1/tasks', '/nodes/pve1/tasks/3/status']);
  });

  test('one that occurs twice around its end has ended', async () => {
    const listed = [
      { upid: upidOf(0), starttime: 0, status: 'RUNNING' },
      ...indexes.map((index) => ({ upid: upidOf(index), starttime: 0, status: 'OK' })),
      { upid: upidOf(1), starttime: 0 },
    ];
    const api = await startApi(taskApi(() => listed));
    const { watch } = clusterFor(settingsFor([api.url]));
    const states = await Promise.all(indexes.map((index) => watch.task(upidOf(index))));
    expect(states.map(({ state }) => state)).toEqual(indexes.map(() => 'done'));
    expect(api.seen).toHaveLength(1);
  });

  test('those still listed as running after 10 s are asked for themselves, since the list lags', async () => {
    const listed = [0, 1, 2].map((index) => ({ upid: upidOf(index), starttime: 0, status: 'RUNNING' }));
    const api = await startApi(taskApi(() => listed));
    const cluster = clusterFor(settingsFor([api.url]));
    const poll = () => Promise.all([0, 1, 2].map((index) => cluster.watch.task(upidOf(index))));
    expect((await poll()).map(({ state }) => state)).toEqual(['running', 'running', 'running']);
    await cluster.clock.sleep(11_000);
    expect((await poll()).map(({ state }) => state)).toEqual(['done', 'done', 'done']);
  });
});
