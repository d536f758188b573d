import { describe, expect, test } from 'vitest';
import { type Clock, systemClock } from '../../../src/base/clock.ts';
import { defaultTimeoutMs } from '../../../src/proxmox/transport.ts';
import {
  clusterFor,
  data,
  deadEndpoint,
  type Reply,
  refusal,
  rejection,
  settingsFor,
  startApi,
  testClock,
} from './api-server.ts';

const upid = 'UPID:pve1:00001238:0006ED00:6B024D40:qmdestroy:100:vmctl@pve!cron:';

/** Notes the pauses of the retries, which are the only ones below the 35 s of a call's deadline. */
function notingClock(pauses: number[]): Clock {
  const fast = testClock();
  return {
    ...fast,
    sleep: (ms, signal) => {
      if (ms !== defaultTimeoutMs) pauses.push(ms);
      return fast.sleep(ms, signal);
    },
  };
}

async function destroyAgainst(replies: (Reply | 'reset')[], maxRetries = 3) {
  const pauses: number[] = [];
  const api = await startApi(() => replies.shift() ?? data(upid));
  const cluster = clusterFor(settingsFor([api.url]), { clock: notingClock(pauses), maxRetries });
  return { api, pauses, cluster, destroyed: cluster.destroyVm('pve1', 100) };
}

describe('repeating a change', () => {
  test.each([
    ['595', refusal('No route to host', 595)],
    ['a lock file held by another', refusal("can't lock file '/var/lock/qemu-server/lock-100.conf' - got timeout")],
    ['a configuration lock', refusal('VM is locked (backup)')],
    ['no worker', refusal('unable to fork worker - Cannot allocate memory')],
    ['no quorum', refusal('cluster not ready - no quorum?')],
  ])('happens after %s, which means that it was not executed', async (_name, reply) => {
    const { api, destroyed } = await destroyAgainst([reply]);
    expect(await destroyed).toBe(upid);
    expect(api.seen).toHaveLength(2);
  });

  test.each([
    ['596', refusal('Connection timed out', 596)],
    ['597', refusal('Broken pipe', 597)],
    ['599', refusal('Too many redirections', 599)],
    ['a lost connection', 'reset' as const],
    ['the lock of the task list', refusal("can't lock file '/var/log/pve/tasks/.active.lock' - got timeout")],
  ])('never happens after %s, which may mean that it was executed', async (_name, reply) => {
    const { api, destroyed } = await destroyAgainst([reply]);
    expect(await rejection(destroyed)).toMatchObject({ kind: 'unknown', reason: 'ambiguous' });
    expect(api.seen).toHaveLength(1);
  });

  test.each([
    ['a protected VM', refusal("can't remove VM 100 - protection mode enabled")],
    ['a missing right', refusal('Permission check failed (/vms/100, VM.Allocate)', 403)],
    ['a half destroyed VM', refusal('VM is locked (destroyed)')],
  ])('does not happen for %s', async (_name, reply) => {
    const { api, destroyed } = await destroyAgainst([reply]);
    expect(await rejection(destroyed)).toMatchObject({ kind: 'permanent' });
    expect(api.seen).toHaveLength(1);
  });

  test('waits base * 2^attempt seconds and a random part of one more, PROXMOX_MAX_RETRIES times', async () => {
    const locked = refusal('VM is locked (backup)');
    const { api, pauses, destroyed } = await destroyAgainst([locked, locked, locked, locked]);
    expect(await rejection(destroyed)).toMatchObject({ reason: 'locked' });
    expect(pauses).toEqual([2_500, 4_500, 8_500]);
    expect(api.seen).toHaveLength(4);
  });

  test('happens never with PROXMOX_MAX_RETRIES=0', async () => {
    const { api, destroyed } = await destroyAgainst([refusal('VM is locked (backup)')], 0);
    await rejection(destroyed);
    expect(api.seen).toHaveLength(1);
  });

  test('ends when the caller gives up', async () => {
    const stop = new AbortController();
    const api = await startApi(() => refusal('VM is locked (backup)'));
    const cluster = clusterFor(settingsFor([api.url]), { clock: systemClock, maxRetries: 3 });
    const destroyed = cluster.withSignal(stop.signal).destroyVm('pve1', 100);
    setTimeout(() => stop.abort(new Error('enough')), 50);
    await rejection(destroyed);
    expect(api.seen).toHaveLength(1);
  });
});

describe('repeating a read', () => {
  test('happens after a lost answer', async () => {
    const replies: (Reply | 'reset')[] = [refusal('Connection timed out', 596), 'reset'];
    const api = await startApi(() => replies.shift() ?? data({ release: '9.2' }));
    const cluster = clusterFor(settingsFor([api.url]), { maxRetries: 3 });
    expect(await cluster.version()).toMatchObject({ release: '9.2' });
  });

  test('of an unreachable cluster happens, and then that is reported', async () => {
    const pauses: number[] = [];
    const cluster = clusterFor(settingsFor([await deadEndpoint()]), { clock: notingClock(pauses), maxRetries: 2 });
    expect(await rejection(cluster.version())).toMatchObject({ reason: 'cluster-unreachable' });
    expect(pauses).toHaveLength(2);
  });
});
