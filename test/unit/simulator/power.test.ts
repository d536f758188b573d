import { describe, expect, it } from 'vitest';
import { cluster, field, rows } from './cluster.ts';

const vm = '/nodes/pve1/qemu/100/status';
const locked = "can't lock file '/var/lock/qemu-server/lock-100.conf' - got timeout";

function withVm(spec: Parameters<ReturnType<typeof cluster>['simulator']['addVm']>[0] = { vmid: 100, running: true }) {
  const sim = cluster();
  sim.simulator.addVm(spec);
  return sim;
}

async function powerState({ call }: ReturnType<typeof cluster>) {
  return field(await call('GET', `${vm}/current`), 'status');
}

describe('start, stop and shutdown answer 200 and fail in their task', () => {
  it.each([
    ['start', "Configuration file 'nodes/pve1/qemu-server/7777.conf' does not exist"],
    ['stop', "unable to find configuration file for VM 7777 on node 'pve1'"],
    ['shutdown', "unable to find configuration file for VM 7777 on node 'pve1'"],
  ])('%s of a missing VM', async (action, text) => {
    expect(await cluster().run('POST', `/nodes/pve1/qemu/7777/status/${action}`)).toBe(text);
  });

  it.each(['stop', 'shutdown'])('%s of a VM that is locked, and only while it runs', async (action) => {
    expect(await withVm({ vmid: 100, running: true, lock: 'backup' }).run('POST', `${vm}/${action}`)).toBe(
      'VM is locked (backup)',
    );
    expect(await withVm({ vmid: 100, lock: 'backup' }).run('POST', `${vm}/${action}`)).toBe('OK');
  });

  it('start of a running VM, of a template, of one without its disk', async () => {
    const sim = withVm();
    expect(await sim.run('POST', `${vm}/start`)).toBe('VM 100 already running');
    expect(await sim.run('POST', '/nodes/pve1/qemu/9000/status/start')).toBe("you can't start a vm if it's a template");
    sim.simulator.addVm({ vmid: 101 });
    for (const key of Object.keys(sim.simulator.world.volumes)) {
      if (key.includes('vm-101')) delete sim.simulator.world.volumes[key];
    }
    expect(await sim.run('POST', '/nodes/pve1/qemu/101/status/start')).toBe(
      "volume 'vmstore:101/vm-101-disk-0.qcow2' does not exist",
    );
  });
});

describe('shutdown', () => {
  it('ends when the guest is down', async () => {
    const sim = withVm({ vmid: 100, running: true, guest: { shutdownMs: 45_000 } });
    const started = sim.clock.now();
    expect(await sim.run('POST', `${vm}/shutdown`, { timeout: 120 })).toBe('OK');
    expect(sim.clock.now() - started).toBeGreaterThanOrEqual(45_000);
    expect(sim.clock.now() - started).toBeLessThan(47_000);
    expect(await powerState(sim)).toBe('stopped');
  });

  it('fails at its timeout where the guest ignores ACPI', async () => {
    const sim = withVm({ vmid: 100, running: true, guest: { shutdownMs: null } });
    expect(await sim.run('POST', `${vm}/shutdown`, { timeout: 5 })).toBe('VM quit/powerdown failed - got timeout');
    expect(await powerState(sim)).toBe('running');
  });

  it('with forceStop kills the guest after the timeout', async () => {
    const sim = withVm({ vmid: 100, running: true, guest: { shutdownMs: null, agent: false }, config: { agent: '1' } });
    const { data } = await sim.call('POST', `${vm}/shutdown`, { timeout: 4, forceStop: 1 });
    const started = sim.clock.now();
    expect(await sim.ended(data)).toBe('OK');
    // Seen on a real 9.2: about 7.5 s, three of them for the agent that does not answer.
    expect(sim.clock.now() - started).toBeGreaterThanOrEqual(7_000);
    expect(sim.clock.now() - started).toBeLessThan(9_000);
    expect(await sim.taskLog(data)).toEqual([
      "QEMU Guest Agent is not running - VM 100 qga command 'guest-ping' failed - got timeout",
      'VM still running - terminating now with SIGTERM',
      'TASK OK',
    ]);
    expect(await powerState(sim)).toBe('stopped');
  });

  it('leaves a power button pressed: the guest goes down after the task gave up', async () => {
    const sim = withVm({ vmid: 100, running: true, guest: { shutdownMs: 30_000 } });
    expect(await sim.run('POST', `${vm}/shutdown`, { timeout: 5 })).toBe('VM quit/powerdown failed - got timeout');
    sim.clock.advance(30_000);
    expect(await powerState(sim)).toBe('stopped');
  });
});

describe('a pending shutdown', () => {
  async function hanging() {
    const sim = withVm({ vmid: 100, running: true, guest: { shutdownMs: null } });
    const { data } = await sim.call('POST', `${vm}/shutdown`, { timeout: 120 });
    sim.clock.advance(1_000);
    return { sim, shutdown: data };
  }

  it('holds the lock: a plain stop, a second shutdown and a DELETE after it fail in 10 s', async () => {
    const { sim } = await hanging();
    const stop = await sim.call('POST', `${vm}/stop`);
    const again = await sim.call('POST', `${vm}/shutdown`);
    const started = sim.clock.now();
    expect(await sim.ended(stop.data)).toBe(locked);
    expect(await sim.ended(again.data)).toBe(locked);
    expect(sim.clock.now() - started).toBeGreaterThanOrEqual(10_000);
    expect(await sim.taskLog(stop.data)).toEqual(['trying to acquire lock...', `TASK ERROR: ${locked}`]);
  });

  it('makes a config PUT wait 10 s inside the request', async () => {
    const { sim } = await hanging();
    const started = sim.clock.now();
    expect(await sim.call('PUT', '/nodes/pve1/qemu/100/config', { cores: 1 })).toMatchObject({
      status: 500,
      reason: locked,
    });
    expect(sim.clock.now() - started).toBe(10_000);
  });

  it('ends when the same token overrules it', async () => {
    const { sim, shutdown } = await hanging();
    const started = sim.clock.now();
    expect(await sim.run('POST', `${vm}/stop`, { 'overrule-shutdown': 1 })).toBe('OK');
    expect(sim.clock.now() - started).toBeLessThan(3_000);
    expect(await sim.ended(shutdown)).toBe('received interrupt');
    expect(await powerState(sim)).toBe('stopped');
  });

  it('is not overruled by another token of the same user', async () => {
    const { sim } = await hanging();
    const other = sim.simulator.addToken({ id: 'vmctl@pve!other' });
    expect(await sim.run('POST', `${vm}/stop`, { 'overrule-shutdown': 1 }, other.header)).toBe(locked);
    expect(await powerState(sim)).toBe('running');
  });

  it('is overruled by another token that has Sys.Modify', async () => {
    const { sim } = await hanging();
    const acl = [{ path: '/', privileges: ['Sys.Modify', 'Sys.Audit', 'VM.PowerMgmt'] }];
    const admin = sim.simulator.addToken({ id: 'admin@pve!t', acl });
    expect(await sim.run('POST', `${vm}/stop`, { 'overrule-shutdown': 1 }, admin.header)).toBe('OK');
  });

  it('can be aborted through the task list, which 7 needs', async () => {
    const { sim, shutdown } = await hanging();
    expect(await sim.call('DELETE', `/nodes/pve1/tasks/${shutdown}`)).toMatchObject({ status: 200, data: null });
    expect(await sim.run('POST', `${vm}/stop`)).toBe('OK');
  });
});

it('overrule-shutdown is unknown to 7', async () => {
  const { call } = cluster({ release: '7.4' });
  expect((await call('POST', `${vm}/stop`, { 'overrule-shutdown': 1 })).errors).toEqual({
    'overrule-shutdown': 'property is not defined in schema and the schema does not allow additional properties',
  });
});

it('those who wait for a lock get it in their turn', async () => {
  const sim = withVm();
  const stop = await sim.call('POST', `${vm}/stop`);
  const first = await sim.call('POST', `${vm}/start`);
  const second = await sim.call('POST', `${vm}/start`);
  expect([await sim.ended(stop.data), await sim.ended(first.data), await sim.ended(second.data)]).toEqual([
    'OK',
    'OK',
    'VM 100 already running',
  ]);
});

it('reboot of a stopped VM is refused at once', async () => {
  expect(await withVm({ vmid: 100 }).call('POST', `${vm}/reboot`)).toMatchObject({
    status: 500,
    reason: 'VM 100 not running',
  });
});

it('reboot ends with the VM running again', async () => {
  const sim = withVm();
  expect(await sim.run('POST', `${vm}/reboot`)).toBe('OK');
  expect(await powerState(sim)).toBe('running');
});

describe('a VM under HA', () => {
  it.each(['stop', 'shutdown'])('%s is done at once, the VM stops rounds later by a task of root', async (action) => {
    const sim = withVm({ vmid: 100, running: true, ha: true });
    const { data } = await sim.call('POST', `${vm}/${action}`, { timeout: 120 });
    expect(String(data)).toContain(':hastop:100:');
    expect(await sim.ended(data)).toBe('OK');
    expect(await powerState(sim)).toBe('running');
    sim.clock.advance(20_000);
    expect(await powerState(sim)).toBe('stopped');
    expect(field(await sim.call('GET', `${vm}/current`), 'ha')).toEqual({ managed: 1, state: 'stopped' });
    const real = sim.simulator.world.tasks.filter((task) => task.user === 'root@pam').map((task) => task.type);
    expect(real).toEqual([action === 'stop' ? 'qmstop' : 'qmshutdown']);
  });

  it('cannot be overruled', async () => {
    const sim = withVm({ vmid: 100, running: true, ha: true });
    expect((await sim.call('POST', `${vm}/stop`, { 'overrule-shutdown': 1 })).errors).toEqual({
      'overrule-shutdown': 'Not applicable for HA resources.',
    });
  });

  it('is deleted only with purge', async () => {
    const sim = withVm({ vmid: 100, ha: true });
    expect((await sim.call('DELETE', '/nodes/pve1/qemu/100')).reason).toBe(
      'unable to remove VM 100 - used in HA resources and purge parameter not set.',
    );
    expect(await sim.run('DELETE', '/nodes/pve1/qemu/100', { purge: 1 })).toBe('OK');
  });
});

it('the list of a node is real time, cluster/resources is up to 10 s behind', async () => {
  const sim = withVm();
  sim.clock.advance(11_000 - (sim.clock.now() % 10_000));
  await sim.run('POST', `${vm}/stop`);
  const list = rows(await sim.call('GET', '/nodes/pve1/qemu')).find((row) => row.vmid === 100);
  const lagging = rows(await sim.call('GET', '/cluster/resources', { type: 'vm' })).find((row) => row.vmid === 100);
  expect([list?.status, lagging?.status]).toEqual(['stopped', 'running']);
  sim.clock.advance(10_000);
  const later = rows(await sim.call('GET', '/cluster/resources', { type: 'vm' })).find((row) => row.vmid === 100);
  expect(later?.status).toBe('stopped');
});
