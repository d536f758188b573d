import { describe, expect, it } from 'vitest';
import { parseFaultSpec } from '../../../src/simulator/fault-spec.ts';
import { createProxmoxSimulator, dumpWorld, loadWorld } from '../../../src/simulator/proxmox/index.ts';
import { cluster } from './cluster.ts';

const path = '/nodes/pve1/qemu/100';

function withFault(spec: string) {
  const sim = cluster();
  sim.simulator.addVm({ vmid: 100 });
  sim.simulator.faults.add(parseFaultSpec(spec));
  return sim;
}

describe('a fault', () => {
  it('answers in place of the call, as often as told', async () => {
    const sim = withFault("DELETE /qemu/100$=500:can't remove VM 100 - protection mode enabled;times=1");
    expect(await sim.call('DELETE', path)).toMatchObject({
      status: 500,
      reason: "can't remove VM 100 - protection mode enabled",
    });
    expect(sim.simulator.world.tasks).toEqual([]);
    expect(await sim.run('DELETE', path)).toBe('OK');
  });

  it('answers 596 after the change was made', async () => {
    const sim = withFault('DELETE /qemu/100=596:Connection timed out;after');
    expect(await sim.call('DELETE', path)).toMatchObject({ status: 596, reason: 'Connection timed out', body: '' });
    sim.clock.advance(5_000);
    expect(sim.simulator.world.vms[100]).toBeUndefined();
  });

  it.each([
    ['reset-before', 0],
    ['reset-after', 1],
    ['lost-answer;delay=40s', 1],
  ])('%s breaks the connection with %i tasks started', async (action, started) => {
    const sim = withFault(`DELETE /qemu/100=${action}`);
    const before = sim.clock.now();
    await expect(sim.call('DELETE', path)).rejects.toMatchObject({ name: 'ConnectionLost', code: 'ECONNRESET' });
    expect(sim.simulator.world.tasks).toHaveLength(started);
    expect(sim.clock.now() - before).toBe(action.startsWith('lost') ? 40_000 : 0);
    expect(sim.simulator.log.at(-1)).toMatchObject({ method: 'DELETE', status: 0 });
  });

  it('makes a clone start long after its client gave up: until then its VMID looks free', async () => {
    const sim = withFault('POST /clone=slow;delay=38s');
    const sent = sim.call('POST', '/nodes/pve1/qemu/9000/clone', { newid: 101 });
    expect((await sim.call('GET', '/cluster/nextid', { vmid: 101 })).data).toBe('101');
    expect((await sent).status).toBe(200);
    await sim.clock.sleep(200);
    expect((await sim.call('GET', '/cluster/nextid', { vmid: 101 })).status).toBe(400);
  });

  it.each([
    ['task-fails:disk is on fire', 'disk is on fire', true],
    ['task-warns:one disk is left', 'WARNINGS: 1', false],
    ['task-killed', 'unexpected status', true],
  ])('%s ends the task with %s', async (action, status, there) => {
    const sim = withFault(`DELETE /qemu/100=${action}`);
    expect(await sim.run('DELETE', path)).toBe(status);
    expect(sim.simulator.world.vms[100] !== undefined).toBe(there);
  });

  it('strikes only the nth match', async () => {
    const sim = withFault('GET /config=500:no;nth=2');
    const statuses = [];
    for (let round = 0; round < 3; round += 1) statuses.push((await sim.call('GET', `${path}/config`)).status);
    expect(statuses).toEqual([200, 500, 200]);
    sim.simulator.faults.clear();
  });
});

describe('the spec of a fault', () => {
  it('is read in full', () => {
    expect(parseFaultSpec('POST /qemu/\\d+/status/stop\\?x=1$=slow;nth=2;times=3;delay=1500ms;after')).toEqual({
      method: 'POST',
      path: /\/qemu\/\d+\/status\/stop\?x=1$/,
      do: 'slow',
      nth: 2,
      times: 3,
      delayMs: 1500,
      after: true,
    });
    expect(parseFaultSpec('/nodes=500:a; b=c')).toMatchObject({ path: /\/nodes/, status: 500, reason: 'a; b=c' });
  });

  it.each([
    ['DELETE /qemu', 'expected a path, = and an action'],
    ['/qemu=explode', 'expected a path, = and an action'],
    ['/qemu=500;times=0', "expected a number from 1, found '0'"],
    ['/qemu=slow;delay=soon', "expected a duration like 10s, found 'soon'"],
    ['/(=500', "'/(' is no regular expression"],
  ])('%s is refused with a reason', (spec, reason) => {
    expect(() => parseFaultSpec(spec)).toThrow(`fault '${spec}': ${reason}`);
  });
});

it('every request is logged with who asked, and without secrets', async () => {
  const { call, simulator } = cluster();
  simulator.addUser({ userid: 'panel@pve', password: 'secretpw1' });
  await call('POST', '/access/ticket', { username: 'panel@pve', password: 'secretpw1' }, '');
  await call('DELETE', '/nodes/pve1/qemu/7777', { purge: 1 });
  expect(simulator.log).toMatchObject([
    { index: 1, path: '/access/ticket', params: { username: 'panel@pve' }, status: 200 },
    {
      index: 2,
      method: 'DELETE',
      path: '/nodes/pve1/qemu/7777',
      params: { purge: '1' },
      token: 'vmctl@pve!cron',
      status: 500,
    },
  ]);
  expect(JSON.stringify(simulator.log)).not.toContain('secretpw1');
});

it('a test can act before a request is looked at and after it took effect', async () => {
  const seen: string[] = [];
  const sim = cluster({
    onRequest: ({ index, method, phase }) => {
      seen.push(`${index} ${method} ${phase} ${sim.simulator.world.tasks.length}`);
    },
  });
  sim.simulator.addVm({ vmid: 100 });
  await sim.call('DELETE', path);
  expect(seen).toEqual(['1 DELETE before 0', '1 DELETE after 1']);
});

it('a world dumped in the middle of its tasks goes on where it was', async () => {
  const first = cluster();
  first.simulator.addVm({ vmid: 100, running: true, guest: { shutdownMs: 30_000 } });
  const { data } = await first.call('POST', `${path}/status/shutdown`, { timeout: 120 });
  const waiting = await first.call('POST', `${path}/status/start`);
  first.clock.advance(5_000);
  const world = loadWorld(dumpWorld(first.simulator.world));
  const second = createProxmoxSimulator({ clock: first.clock, world });
  first.clock.advance(60_000);
  const outcome = (upid: unknown, tasks: { upid: string; exitstatus: string | null }[]) =>
    tasks.find((task) => task.upid === upid)?.exitstatus;
  expect(outcome(data, second.world.tasks)).toBe('OK');
  expect(outcome(waiting.data, second.world.tasks)).toBe(
    "can't lock file '/var/lock/qemu-server/lock-100.conf' - got timeout",
  );
  expect(() => loadWorld('{"nodes":{}}')).toThrow('not a dump of a simulated cluster');
});

it('the same seed makes the same world', async () => {
  const run = async (seed: number) => {
    const sim = cluster({ seed });
    await sim.run('POST', '/nodes/pve1/qemu/9000/clone', { newid: 100 });
    return dumpWorld(sim.simulator.world);
  };
  expect(await run(7)).toBe(await run(7));
  expect(await run(7)).not.toBe(await run(8));
});

it('500 VMs and thousands of requests take no time worth mentioning', async () => {
  const { call, simulator } = cluster();
  for (let vmid = 1000; vmid < 1500; vmid += 1) simulator.addVm({ vmid, running: true });
  const started = performance.now();
  for (let vmid = 1000; vmid < 1500; vmid += 1) {
    await call('GET', `/nodes/pve1/qemu/${vmid}/config`);
    await call('POST', `/nodes/pve1/qemu/${vmid}/status/shutdown`, { timeout: 120, forceStop: 1 });
    await call('GET', '/cluster/nextid', { vmid });
    await call('GET', `/nodes/pve1/storage/vmstore/content`, { vmid });
  }
  for (let round = 0; round < 50; round += 1) await call('GET', '/nodes/pve1/qemu');
  expect(performance.now() - started).toBeLessThan(5_000);
});
