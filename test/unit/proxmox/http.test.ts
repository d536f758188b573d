import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { apiPath } from '../../../src/proxmox/transport.ts';
import { clusterFor, data, deadEndpoint, refusal, rejection, settingsFor, startApi } from './api-server.ts';

const upid = 'UPID:pve1:00001238:0006ED00:6B024D40:qmdestroy:100:vmctl@pve!cron:';

describe('a call over HTTP', () => {
  test('DELETE carries its parameters in the query and has no body', async () => {
    const api = await startApi(() => data(upid));
    expect(await clusterFor(settingsFor([api.url])).destroyVm('pve1', 100)).toBe(upid);
    expect(api.seen[0]).toMatchObject({ method: 'DELETE', url: '/api2/json/nodes/pve1/qemu/100?purge=1', body: '' });
    expect(api.seen[0]?.headers['content-length'] ?? '0').toBe('0');
    expect(api.seen[0]?.headers['transfer-encoding']).toBeUndefined();
  });

  test('POST carries a form, with booleans as 1 and 0, and its length', async () => {
    const api = await startApi(() => data(upid));
    await clusterFor(settingsFor([api.url])).shutdown('pve1', 100, { timeoutSeconds: 120, forceStop: true });
    expect(api.seen[0]?.body).toBe('timeout=120&forceStop=1');
    expect(api.seen[0]?.headers).toMatchObject({
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': '23',
    });
  });

  test('overrule-shutdown is not sent unless it is asked for, since PVE 8.1 and older refuse it', async () => {
    const api = await startApi(() => data(upid));
    const cluster = clusterFor(settingsFor([api.url]));
    await cluster.stop('pve1', 100);
    await cluster.stop('pve1', 100, { overruleShutdown: true });
    expect(api.seen.map(({ body }) => body)).toEqual(['', 'overrule-shutdown=1']);
  });

  test('a value in a path cannot reach another path', async () => {
    const api = await startApi(() => data([]));
    await clusterFor(settingsFor([api.url])).listVms('pve1/../../access?x');
    expect(api.seen[0]?.url).toBe('/api2/json/nodes/pve1%2F..%2F..%2Faccess%3Fx/qemu');
    expect(apiPath`/a/${'b c'}/${7}`).toBe('/a/b%20c/7');
  });

  test('the Date header and the total of a list are given with the data', async () => {
    const date = 'Sun, 22 Nov 2026 01:48:23 GMT';
    const api = await startApi(() => ({ headers: { date }, body: { data: [], total: 7 } }));
    const { transport } = clusterFor(settingsFor([api.url]));
    const answer = await transport.call({ method: 'GET', path: '/nodes', effect: 'none' });
    expect(answer).toEqual({ data: [], total: 7, date: Date.parse(date) });
  });

  test('the reason phrase is read where the body says nothing', async () => {
    const api = await startApi(() => ({ status: 500, reason: 'VM is locked (backup)', body: { data: null } }));
    expect(await rejection(clusterFor(settingsFor([api.url])).destroyVm('pve1', 100))).toMatchObject({
      reason: 'locked',
      lock: 'backup',
    });
  });

  test('an error in plain text is understood', async () => {
    const plain = { 'content-type': 'text/plain' };
    const api = await startApi(() => ({
      status: 501,
      reason: 'for data too large',
      headers: plain,
      body: 'for data too large',
    }));
    expect(await rejection(clusterFor(settingsFor([api.url])).version())).toMatchObject({
      reason: 'unsupported',
      text: 'for data too large',
    });
  });

  test('something that is no Proxmox behind the URL is said to be that', async () => {
    const api = await startApi(() => ({ headers: { 'content-type': 'text/html' }, body: '<html>' }));
    expect(await rejection(clusterFor(settingsFor([api.url])).version())).toMatchObject({
      kind: 'permanent',
      text: expect.stringContaining('check the URL'),
    });
  });

  test('a redirect is not followed: the token would go along', async () => {
    const other = await startApi(() => data({ release: '9.2' }));
    const api = await startApi(() => ({ status: 302, reason: 'Found', headers: { location: `${other.url}/` } }));
    await rejection(clusterFor(settingsFor([api.url])).version());
    expect(other.seen).toEqual([]);
  });

  test('status 500 is never repeated behind our back', async () => {
    const api = await startApi(() => refusal('no idea'));
    await rejection(clusterFor(settingsFor([api.url]), { maxRetries: 3 }).destroyVm('pve1', 100));
    expect(api.seen).toHaveLength(1);
  });
});

describe('a call that gets no answer', () => {
  test('was certainly not sent where nobody listens: transient, also for a change', async () => {
    const cluster = clusterFor(settingsFor([await deadEndpoint()]));
    expect(await rejection(cluster.destroyVm('pve1', 100))).toMatchObject({
      reason: 'cluster-unreachable',
      kind: 'transient',
      exitCode: 5,
    });
  });

  test('has an unknown outcome where the connection was cut after a change was sent', async () => {
    const api = await startApi(() => 'reset');
    const cluster = clusterFor(settingsFor([api.url]), { maxRetries: 3 });
    const error = await rejection(cluster.destroyVm('pve1', 100));
    expect(error).toMatchObject({ reason: 'ambiguous', kind: 'unknown' });
    expect(api.seen).toHaveLength(1);
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain('00000000cafe');
  });

  test('has an unknown outcome where a change is not answered in time', async () => {
    const api = await startApi(() => 'hang');
    const { transport } = clusterFor(settingsFor([api.url]), { maxRetries: 3 });
    const call = { method: 'DELETE', path: '/nodes/pve1/qemu/100', effect: 'changes', timeoutMs: 60_000 } as const;
    const error = await rejection(transport.call(call));
    expect(error).toMatchObject({ reason: 'ambiguous', kind: 'unknown', text: expect.stringContaining('60 s') });
    expect(api.seen).toHaveLength(1);
  });

  test('is repeated where it was a read', async () => {
    let times = 0;
    const api = await startApi(() => (++times === 1 ? 'reset' : data({ release: '9.2' })));
    expect(await clusterFor(settingsFor([api.url]), { maxRetries: 1 }).version()).toMatchObject({ release: '9.2' });
  });

  test('ends with the reason of the caller who gave up on a read', async () => {
    const api = await startApi(() => 'hang');
    const stop = new AbortController();
    const version = clusterFor(settingsFor([api.url]), { maxRetries: 3 })
      .withSignal(stop.signal)
      .version();
    setTimeout(() => stop.abort(new Error('enough')), 20);
    expect(await rejection(version)).toMatchObject({ message: 'enough' });
    expect(api.seen).toHaveLength(1);
  });

  test('has an unknown outcome where the caller gave up on a change that was sent', async () => {
    const api = await startApi(() => 'hang');
    const stop = new AbortController();
    const destroy = clusterFor(settingsFor([api.url]))
      .withSignal(stop.signal)
      .destroyVm('pve1', 100);
    setTimeout(() => stop.abort(new Error('enough')), 50);
    expect(await rejection(destroy)).toMatchObject({ reason: 'ambiguous', kind: 'unknown' });
  });
});

describe('connections', () => {
  test('reads share one, each change has its own, so that none meets a connection the server just closed', async () => {
    const api = await startApi(({ method }) => data(method === 'GET' ? { release: '9.2' } : upid));
    const cluster = clusterFor(settingsFor([api.url]), { clock: systemClock });
    await cluster.version();
    await cluster.version();
    await cluster.destroyVm('pve1', 100);
    await cluster.destroyVm('pve1', 101);
    const ports = api.seen.map(({ port }) => port);
    expect(ports[0]).toBe(ports[1]);
    expect(new Set(ports).size).toBe(3);
  });
});
