import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import type { Drain } from '../../../src/engine/drain.ts';
import { createSite, type Site } from '../../support/site.ts';
import { createHooks, exists, quick, run, sent, until, vmidsFrom } from './runs.ts';

const nextVmid = vmidsFrom(3500);

function stoppable(): { drain: Drain; stop: () => void } {
  const draining = new AbortController();
  const over = new AbortController();
  const drain = { draining: draining.signal, over: over.signal, exitCode: undefined, end: () => over.abort() };
  return { drain, stop: () => draining.abort(new Error('SIGTERM')) };
}

describe.each(['mysql', 'sqlite'] as const)('Graceful stop on %s', (database) => {
  let site: Site;
  const hooks = createHooks();
  beforeAll(async () => {
    // Work that is dropped 120 s after the stop shall not be dropped by a busy machine.
    site = await createSite({ ...quick, speed: 20, database, simulator: { onRequest: hooks.onRequest } });
  });
  afterAll(() => site.close());

  const released = { vm_status: 'terminate', claim_token: null, attempts: 0 };

  it.concurrent('a row that waits is given back at once, with its window kept', async () => {
    const vmid = nextVmid();
    const { drain, stop } = stoppable();
    const row = await site.addVm({ vm: { vmid, guest: { shutdownMs: 60_000 } } });
    const running = run(site, row, { drain });
    await until(() => sent(site, vmid)[0]);
    stop();
    const { end, row: given } = await running;
    expect(end).toBe('waiting: Stop VM (graceful)');
    expect(given).toMatchObject(released);
    expect(JSON.parse(given.progress ?? '')).toMatchObject({ phase: 'checked', wait: { for: 'graceful' } });
    const { row: after } = await run(site, row);
    expect(sent(site, vmid)).toEqual(['POST shutdown', 'DELETE']);
    expect(after.vm_status).toBe('remove');
  });

  it.concurrent('a row in work goes to its next checkpoint and no further, and another tick goes on from there', async () => {
    const vmid = nextVmid();
    const { drain, stop } = stoppable();
    const row = await site.addVm({ vm: { vmid, running: false } });
    hooks.once('GET', `/nodes/pve1/qemu/${vmid}/config`, stop);
    const { end, said, row: given } = await run(site, row, { drain });
    expect(said).toEqual([`remote status: stopped, vmid: ${vmid}`]);
    expect(end).toBe('waiting: this tick is ending, another one goes on');
    expect(given).toMatchObject({ ...released, next_attempt_at: null });
    expect(JSON.parse(given.progress ?? '')).toMatchObject({ phase: 'checked' });
    const { said: more, row: after } = await run(site, row);
    expect(more[0]).toBe('removing backups');
    expect(after.vm_status).toBe('remove');
  });

  it.concurrent('a DELETE that was sent is remembered with its task: the next tick follows it and sends no other', async () => {
    const vmid = nextVmid();
    const { drain, stop } = stoppable();
    const row = await site.addVm({ vm: { vmid, running: false } });
    hooks.once('DELETE', `/nodes/pve1/qemu/${vmid}`, stop);
    const { row: given } = await run(site, row, { drain });
    expect(given).toMatchObject(released);
    const { said, row: after } = await run(site, row);
    expect(said).toEqual(['VM deleted']);
    expect(sent(site, vmid)).toEqual(['DELETE']);
    expect(after.vm_status).toBe('remove');
  });

  it.concurrent('after max-runtime likewise: rows are given back, nothing new is claimed', async () => {
    const vmid = nextVmid();
    const row = await site.addVm({ vm: { vmid, guest: { shutdownMs: 100_000 } } });
    const { row: given } = await run(site, row, { maxRuntimeSeconds: 30 });
    expect(given).toMatchObject(released);
    expect(exists(site, vmid)).toBe(true);
  });
});

describe('Graceful stop in real time', () => {
  let site: Site;
  beforeAll(async () => {
    site = await createSite({ database: 'sqlite', speed: 1 });
  });
  afterAll(() => site.close());

  it('does not sleep to the end of a poll', async () => {
    const { drain, stop } = stoppable();
    const row = await site.addVm({ vm: { vmid: 2003, guest: { shutdownMs: 60_000 } } });
    const running = run(site, row, { drain });
    while (!(await site.row(row.id)).progress?.includes('graceful')) await systemClock.sleep(20);
    await systemClock.sleep(100);
    const asked = systemClock.monotonic();
    stop();
    expect((await running).row).toMatchObject({ claim_token: null });
    expect(systemClock.monotonic() - asked).toBeLessThan(4_000);
  });
});
