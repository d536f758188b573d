import { describe, expect, it } from 'vitest';
import { cluster, rows } from './cluster.ts';

const tasks = '/nodes/pve1/tasks';

async function stopped() {
  const sim = cluster();
  sim.simulator.addVm({ vmid: 100, running: true });
  const { data } = await sim.call('POST', '/nodes/pve1/qemu/100/status/stop');
  await sim.ended(data);
  return { ...sim, upid: String(data) };
}

describe('a task', () => {
  it('tells user and token apart', async () => {
    const { call, upid } = await stopped();
    expect((await call('GET', `${tasks}/${encodeURIComponent(upid)}/status`)).data).toMatchObject({
      upid,
      type: 'qmstop',
      id: '100',
      user: 'vmctl@pve',
      tokenid: 'cron',
      status: 'stopped',
      exitstatus: 'OK',
    });
  });

  it('is found raw and encoded, and only on its own node', async () => {
    const { call, upid } = await stopped();
    expect((await call('GET', `${tasks}/${upid}/status`)).status).toBe(200);
    expect((await call('GET', `/nodes/pve2/tasks/${upid}/status`)).errors).toEqual({ upid: 'no such task' });
    expect((await call('GET', `${tasks}/garbage/status`)).errors).toEqual({ upid: 'unable to parse worker upid' });
  });

  it('is hidden from another token of the same user, and open to the user and to Sys.Audit', async () => {
    const { call, simulator, upid } = await stopped();
    const other = simulator.addToken({ id: 'vmctl@pve!other', acl: [{ path: '/vms', privileges: ['VM.Audit'] }] });
    const refused = await call('GET', `${tasks}/${upid}/status`, {}, other.header);
    expect(refused.reason).toBe('Permission check failed (/nodes/pve1, Sys.Audit)');
    expect((await call('DELETE', `${tasks}/${upid}`, {}, other.header)).reason).toBe(
      'Permission check failed (/nodes/pve1, Sys.Modify)',
    );
    const root = simulator.addToken({ id: 'root@pam!t', privsep: false });
    expect((await call('GET', `${tasks}/${upid}/status`, {}, root.header)).status).toBe(200);
  });

  it('has a log in pages; one that nobody knows has an odd line', async () => {
    const { call, upid } = await stopped();
    expect((await call('GET', `${tasks}/${upid}/log`)).body).toBe('{"data":[{"n":1,"t":"TASK OK"}],"total":1}');
    expect((await call('GET', `${tasks}/${upid}/log`, { start: 500 })).body).toBe('{"data":[],"total":1}');
    const unknown = upid.replace(/UPID:pve1:\w+/, 'UPID:pve1:0000ABCD');
    expect(rows(await call('GET', `${tasks}/${unknown}/log`))).toEqual([
      { n: 1, t: 'unable to open file - No such file or directory' },
    ]);
  });
});

describe('the list of tasks', () => {
  it('goes on showing a finished task as RUNNING for 8 s', async () => {
    const { call, clock, upid } = await stopped();
    const find = async () => rows(await call('GET', tasks, { source: 'all' })).find((row) => row.upid === upid);
    expect(await find()).toMatchObject({ status: 'RUNNING', user: 'vmctl@pve!cron' });
    clock.advance(8_000);
    expect(await find()).toMatchObject({
      status: 'OK',
      user: 'vmctl@pve',
      tokenid: 'cron',
      endtime: expect.any(Number),
    });
  });

  it('active holds no finished task, archive no running one', async () => {
    const { call, clock } = await stopped();
    clock.advance(8_000);
    await call('POST', '/nodes/pve1/qemu/100/status/start');
    expect(rows(await call('GET', tasks, { source: 'active' })).map((row) => row.type)).toEqual(['qmstart']);
    expect(rows(await call('GET', tasks)).map((row) => row.type)).toEqual(['qmstop']);
    expect(rows(await call('GET', tasks, { source: 'all' })).map((row) => row.type)).toEqual(['qmstart', 'qmstop']);
  });

  it('gives 50 by default, nothing for limit=0, and what started since', async () => {
    const { call, clock } = await stopped();
    for (let round = 0; round < 60; round += 1) await call('POST', '/nodes/pve1/qemu/100/status/stop');
    clock.advance(60_000);
    expect(rows(await call('GET', tasks))).toHaveLength(50);
    expect(await call('GET', tasks, { limit: 0 })).toMatchObject({ data: [], body: '{"data":[],"total":61}' });
    expect(rows(await call('GET', tasks, { limit: 5000 }))).toHaveLength(61);
    const since = Math.floor(clock.now() / 1000);
    await call('POST', '/nodes/pve1/qemu/100/status/start');
    expect(rows(await call('GET', tasks, { source: 'all', since }))).toHaveLength(1);
    expect(rows(await call('GET', tasks, { typefilter: 'qmstart', source: 'all' }))).toHaveLength(1);
  });

  it('shows a privsep token without Sys.Audit its own tasks only', async () => {
    const { call, simulator } = await stopped();
    const acl = [{ path: '/vms', privileges: ['VM.PowerMgmt'] }];
    const own = simulator.addToken({ id: 'own@pve!t', acl });
    await call('POST', '/nodes/pve1/qemu/100/status/start', {}, own.header);
    expect(rows(await call('GET', tasks, { source: 'all' }, own.header)).map((row) => row.type)).toEqual(['qmstart']);
  });

  it('finds nothing finished by the name of a token', async () => {
    const { call, clock } = await stopped();
    clock.advance(8_000);
    expect(rows(await call('GET', tasks, { userfilter: 'vmctl@pve!cron' }))).toEqual([]);
    expect(rows(await call('GET', tasks, { userfilter: 'vmctl@pve' }))).toHaveLength(1);
  });
});
