import { describe, expect, test } from 'vitest';
import { clusterFor, data, deadEndpoint, refusal, rejection, settingsFor, startApi } from './api-server.ts';
import { selfSigned } from './certificates.ts';

const upid = 'UPID:pve1:00001238:0006ED00:6B024D40:qmdestroy:100:vmctl@pve!cron:';

describe('several entry points', () => {
  test('a change goes to the next one where the first cannot be connected to', async () => {
    const second = await startApi(() => data(upid));
    const cluster = clusterFor(settingsFor([await deadEndpoint(), second.url]));
    expect(await cluster.destroyVm('pve1', 100)).toBe(upid);
  });

  test('the one that answered last is asked first', async () => {
    const first = await startApi(() => 'reset');
    const second = await startApi(() => data({ release: '9.2' }));
    const cluster = clusterFor(settingsFor([first.url, second.url]));
    await cluster.version();
    await cluster.version();
    expect([first.seen.length, second.seen.length]).toEqual([1, 2]);
  });

  test('a change whose answer was lost is not sent to the next one', async () => {
    const first = await startApi(() => 'reset');
    const second = await startApi(() => data(upid));
    const cluster = clusterFor(settingsFor([first.url, second.url]), { maxRetries: 3 });
    expect(await rejection(cluster.destroyVm('pve1', 100))).toMatchObject({ reason: 'ambiguous', kind: 'unknown' });
    expect(second.seen).toEqual([]);
    // But what comes next does not wait for the one that failed.
    await cluster.destroyVm('pve1', 101);
    expect([first.seen.length, second.seen.length]).toEqual([1, 1]);
  });

  test('a refusal is an answer: nobody else is asked', async () => {
    const first = await startApi(() => refusal('VM is locked (destroyed)'));
    const second = await startApi(() => data(upid));
    const cluster = clusterFor(settingsFor([first.url, second.url]));
    expect(await rejection(cluster.destroyVm('pve1', 100))).toMatchObject({ reason: 'locked' });
    expect(second.seen).toEqual([]);
  });

  test('a node that the entry point cannot reach (595) is no fault of the entry point', async () => {
    const first = await startApi(() => refusal('No route to host', 595));
    const second = await startApi(() => data([]));
    const cluster = clusterFor(settingsFor([first.url, second.url]));
    expect(await rejection(cluster.listVms('pve2'))).toMatchObject({ reason: 'node-unreachable', kind: 'transient' });
    expect(second.seen).toEqual([]);
  });

  test('where none answers, the cluster is unreachable and each is named', async () => {
    const endpoints = [await deadEndpoint(), await deadEndpoint()];
    const error = await rejection(clusterFor(settingsFor(endpoints)).version());
    expect(error).toMatchObject({ reason: 'cluster-unreachable', kind: 'transient' });
    for (const endpoint of endpoints) expect(error).toHaveProperty('message', expect.stringContaining(endpoint));
  });

  test('one that is not trusted is passed over, and is the error only where no other could be better', async () => {
    const untrusted = await startApi(() => data({ release: '9.2' }), await selfSigned());
    const good = await startApi(() => data({ release: '9.2' }));
    expect(await clusterFor(settingsFor([untrusted.url, good.url])).version()).toMatchObject({ release: '9.2' });
    const withDead = clusterFor(settingsFor([untrusted.url, await deadEndpoint()]));
    expect(await rejection(withDead.version())).toMatchObject({ reason: 'cluster-unreachable' });
    const alone = clusterFor(settingsFor([untrusted.url]));
    expect(await rejection(alone.version())).toMatchObject({ reason: 'certificate' });
    expect(untrusted.seen).toEqual([]);
  });
});
