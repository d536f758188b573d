import { describe, expect, test } from 'vitest';
import { clusterFor, data, type Reply, refusal, rejection, settingsFor, startApi } from './api-server.ts';

const upid = 'UPID:pve2:00001238:0006ED00:6B024D40:qmdestroy:100:vmctl@pve!cron:';

async function clusterWithTask(statuses: object[], lines: string[] = []) {
  const api = await startApi(({ path }): Reply => {
    if (path.endsWith('/log')) return { body: { data: lines.map((t, n) => ({ n, t })), total: lines.length } };
    return data(statuses.length > 1 ? statuses.shift() : statuses[0]);
  });
  return { api, cluster: clusterFor(settingsFor([api.url])) };
}

const running = { status: 'running' };

describe('waiting for a task', () => {
  test('asks the node in its UPID until it has ended', async () => {
    const { api, cluster } = await clusterWithTask([running, running, { status: 'stopped', exitstatus: 'OK' }]);
    expect(await cluster.waitForTask(upid, { timeoutMs: 60_000 })).toMatchObject({ ok: true, warnings: 0, text: 'OK' });
    expect(new Set(api.calls())).toEqual(new Set([`GET /nodes/pve2/tasks/${upid}/status`]));
    expect(api.seen).toHaveLength(3);
  });

  test('warnings are success, and are counted', async () => {
    const ended = { status: 'stopped', exitstatus: 'WARNINGS: 2' };
    const { cluster } = await clusterWithTask([ended], ['WARN: disk left', 'TASK WARNINGS: 2']);
    const exit = await cluster.waitForTask(upid, { timeoutMs: 60_000 });
    expect(exit).toMatchObject({ ok: true, warnings: 2, log: ['WARN: disk left', 'TASK WARNINGS: 2'] });
  });

  test('a failure is classified like a refusal and carries the last lines of its log', async () => {
    const ended = { status: 'stopped', exitstatus: 'VM is locked (backup)' };
    const lines = Array.from({ length: 30 }, (_, index) => `line ${index}`);
    const { cluster } = await clusterWithTask([ended], lines);
    const exit = await cluster.waitForTask(upid, { timeoutMs: 60_000 });
    expect(exit).toMatchObject({ ok: false, error: { reason: 'locked', lock: 'backup', kind: 'transient' } });
    expect(exit.log).toEqual(lines.slice(-10));
    expect(exit.ok || exit.error.text).toContain('line 29');
  });

  test('a killed worker leaves an unknown outcome', async () => {
    const { cluster } = await clusterWithTask([{ status: 'stopped', exitstatus: 'unexpected status' }]);
    const exit = await cluster.waitForTask(upid, { timeoutMs: 60_000 });
    expect(exit).toMatchObject({ ok: false, error: { reason: 'ambiguous', kind: 'unknown' } });
  });

  test('the failure is told even where the log cannot be read', async () => {
    const api = await startApi(({ path }) =>
      path.endsWith('/log') ? refusal('no') : data({ status: 'stopped', exitstatus: 'destroy failed' }),
    );
    const exit = await clusterFor(settingsFor([api.url])).waitForTask(upid, { timeoutMs: 60_000 });
    expect(exit).toMatchObject({ ok: false, error: { reason: 'task-failed', text: 'destroy failed' } });
  });

  test('ends with an error when its time is over, since the task goes on', async () => {
    const { cluster } = await clusterWithTask([running]);
    const error = await rejection(cluster.waitForTask(upid, { timeoutMs: 4_000 }));
    expect(error).toMatchObject({ reason: 'task-running', kind: 'unknown', node: 'pve2' });
  });

  test('ends when the caller gives up', async () => {
    const { cluster } = await clusterWithTask([running]);
    const stop = new AbortController();
    const waiting = cluster.withSignal(stop.signal).waitForTask(upid, { timeoutMs: 600_000 });
    setTimeout(() => stop.abort(new Error('enough')), 30);
    await rejection(waiting);
    expect(stop.signal.aborted).toBe(true);
  });

  test('a task that is not known is said to be that', async () => {
    const errors = { upid: 'no such task' };
    const api = await startApi(() => ({ status: 400, reason: 'Parameter verification failed.', body: { errors } }));
    const cluster = clusterFor(settingsFor([api.url]));
    expect(await rejection(cluster.taskStatus(upid))).toMatchObject({ reason: 'no-such-task', kind: 'permanent' });
  });
});

describe('looking for a task', () => {
  const listed = [
    { upid: 'UPID:pve2:00000001:0006ED00:6B024D40:qmdestroy:100:vmctl@pve!cron:', starttime: 1, status: 'OK' },
    { upid: 'UPID:pve2:00000002:0006ED00:6B024D40:qmdestroy:100:vmctl@pve!cron:', starttime: 9, status: 'RUNNING' },
  ];

  test('the newest one since a moment is found, with the difference of the clocks taken out', async () => {
    const ahead = 3_600_000;
    const api = await startApi(() => ({
      headers: { date: new Date(Date.now() + ahead).toUTCString() },
      body: { data: listed },
    }));
    const cluster = clusterFor(settingsFor([api.url]));
    await cluster.tasks('pve2', { since: 0 });
    const since = new Date();
    const found = await cluster.watch.latestTask('pve2', 100, 'qmdestroy', { since: since.toISOString() });
    expect(found).toBe(listed[1]?.upid);
    const asked = new URLSearchParams(api.seen.at(-1)?.url.split('?')[1]);
    expect(asked.get('vmid')).toBe('100');
    expect(asked.get('typefilter')).toBe('qmdestroy');
    // The test's clock runs a hundred times as fast, so that it is seconds ahead of this test by now.
    expect(Number(asked.get('since')) * 1000).toBeGreaterThan(since.getTime() + ahead - 60_000);
    expect(Number(asked.get('since')) * 1000).toBeLessThan(since.getTime() + ahead);
  });

  test('one that the lagging list still shows as running is asked for itself', async () => {
    const api = await startApi(({ path }) =>
      path.endsWith('/tasks') ? data(listed) : data({ status: path.includes('00000002') ? 'running' : 'stopped' }),
    );
    const { watch } = clusterFor(settingsFor([api.url]));
    expect(await watch.activeTask('pve2', 100, 'qmshutdown')).toBe(listed[1]?.upid);
    expect(api.seen[0]?.url).toContain('source=active');
  });
});
