import { expect, test } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { RefusedError } from '../../../src/base/errors.ts';
import type { ApiCall } from '../../../src/proxmox/transport.ts';
import { clusterFor, data, type Reply, refusal, rejection, settingsFor, startApi } from './api-server.ts';

const upid = 'UPID:pve1:00001238:0006ED00:6B024D40:qmdestroy:100:vmctl@pve!cron:';

test('the guard is asked before each change, with its time-out, and never before a read', async () => {
  const asked: (ApiCall & { timeoutMs: number })[] = [];
  const api = await startApi(({ method }) => data(method === 'GET' ? { release: '9.2' } : upid));
  const cluster = clusterFor(settingsFor([api.url]), { before: async (call) => void asked.push(call) });
  await cluster.version();
  await cluster.destroyVm('pve1', 100);
  expect(asked).toMatchObject([{ method: 'DELETE', vmid: 100, node: 'pve1', timeoutMs: 35_000 }]);
});

test('a change that the guard refuses is not sent, and its error is the one of the call', async () => {
  const api = await startApi(() => data(upid));
  const before = async (): Promise<void> => {
    throw new RefusedError('the lease is over');
  };
  const cluster = clusterFor(settingsFor([api.url]), { before, maxRetries: 3 });
  expect(await rejection(cluster.destroyVm('pve1', 100))).toMatchObject({ message: 'the lease is over' });
  expect(api.seen).toEqual([]);
});

test('the guard is asked again before each repetition', async () => {
  const replies: Reply[] = [refusal('VM is locked (backup)'), data(upid)];
  let asked = 0;
  const api = await startApi(() => replies.shift() ?? 'hang');
  const cluster = clusterFor(settingsFor([api.url]), { before: async () => void asked++, maxRetries: 1 });
  await cluster.destroyVm('pve1', 100);
  expect(asked).toBe(2);
});

test('the guard is asked after the wait for a free place, not before it', async () => {
  const order: string[] = [];
  const api = await startApi(async ({ path }) => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    order.push(`answered ${path.split('/').at(-1)}`);
    return data(upid);
  });
  const clock = systemClock;
  const before = async (call: ApiCall): Promise<void> => void order.push(`asked ${call.vmid}`);
  const cluster = clusterFor(settingsFor([api.url]), { clock, before });
  cluster.setShare(4);
  await Promise.all([cluster.destroyVm('pve1', 100), cluster.destroyVm('pve1', 101)]);
  expect(order).toEqual(['asked 100', 'answered 100', 'asked 101', 'answered 101']);
});
