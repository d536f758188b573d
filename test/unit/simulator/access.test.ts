import { describe, expect, it } from 'vitest';
import { cluster, field, rows } from './cluster.ts';

type Sim = ReturnType<typeof cluster>;

function withUser() {
  const sim = cluster();
  sim.simulator.addUser({ userid: 'panel@pve', password: 'secretpw1' });
  return sim;
}

function login(sim: Sim, password: string) {
  return sim.call('POST', '/access/ticket', { username: 'panel@pve', password }, '');
}

function withTicket({ simulator }: Sim, method: string, path: string, ticket: string, csrf?: string) {
  const headers: Record<string, string> = { cookie: `PVEAuthCookie=${encodeURIComponent(ticket)}` };
  if (csrf !== undefined) headers.csrfpreventiontoken = csrf;
  return simulator.handle({ method, url: `/api2/json${path}`, headers, body: '' });
}

describe('a ticket', () => {
  it('comes for the password and lets read; changes need the CSRF token too', async () => {
    const sim = withUser();
    const made = await login(sim, 'secretpw1');
    const [ticket, csrf] = [String(field(made, 'ticket')), String(field(made, 'CSRFPreventionToken'))];
    expect(ticket).toMatch(/^PVE:panel@pve:[0-9A-F]{8}::/);
    expect(made.data).toMatchObject({ username: 'panel@pve', clustername: 'sim' });
    expect((await withTicket(sim, 'GET', '/nodes', ticket)).status).toBe(200);
    const start = '/nodes/pve1/qemu/9000/status/start';
    expect(await withTicket(sim, 'POST', start, ticket)).toMatchObject({
      status: 401,
      reason: 'Permission denied - invalid csrf token',
      body: '',
    });
    expect((await withTicket(sim, 'POST', start, ticket, csrf)).status).toBe(200);
  });

  it('lives two hours and is renewed with itself as the password', async () => {
    const sim = withUser();
    const old = String(field(await login(sim, 'secretpw1'), 'ticket'));
    sim.clock.advance(119 * 60_000);
    const renewed = String(field(await login(sim, old), 'ticket'));
    sim.clock.advance(2 * 60_000);
    expect((await withTicket(sim, 'GET', '/nodes', old)).reason).toBe('Authentication failed!');
    expect((await withTicket(sim, 'GET', '/nodes', renewed)).status).toBe(200);
    expect((await login(sim, old)).status).toBe(401);
  });

  it('is refused for a wrong password after 3 s, the one 401 with JSON', async () => {
    const sim = withUser();
    const before = sim.clock.now();
    expect(await login(sim, 'wrong')).toMatchObject({
      status: 401,
      reason: 'authentication failure',
      body: '{"data":null,"message":"authentication failure\\n"}',
    });
    expect(sim.clock.now() - before).toBe(3_000);
  });
});

describe('rights', () => {
  it('of a token are those that user and token both have', async () => {
    const { call, simulator } = cluster();
    const token = simulator.addToken({ id: 'a@pve!t', acl: [{ path: '/vms', privileges: ['VM.Audit'] }] });
    const [user] = simulator.world.acl.filter((entry) => entry.subject === 'a@pve');
    if (user) user.privileges = [];
    expect((await call('GET', '/nodes/pve1/qemu/9000/config', {}, token.header)).status).toBe(403);
  });

  it('of a deeper path replace those above', async () => {
    const { call, simulator } = cluster();
    const acl = [
      { path: '/vms', privileges: ['VM.Audit'] },
      { path: '/vms/9000', privileges: ['VM.PowerMgmt'] },
    ];
    const token = simulator.addToken({ id: 'a@pve!t', acl });
    expect((await call('GET', '/nodes/pve1/qemu/9000/config', {}, token.header)).status).toBe(403);
    expect(rows(await call('GET', '/nodes/pve1/qemu', {}, token.header))).toEqual([]);
  });

  it('can be asked for', async () => {
    const { call, simulator } = cluster();
    const token = simulator.addToken({ id: 'a@pve!t', acl: [{ path: '/vms/100', privileges: ['VM.Audit'] }] });
    expect((await call('GET', '/access/permissions', {}, token.header)).data).toEqual({
      '/vms/100': { 'VM.Audit': 1 },
    });
  });

  it('to read the state of the cluster are Sys.Audit on /', async () => {
    const { call, simulator } = cluster();
    const weak = simulator.addToken({ id: 'weak@pve!t', acl: [] });
    expect((await call('GET', '/cluster/status', {}, weak.header)).reason).toBe(
      'Permission check failed (/, Sys.Audit)',
    );
    simulator.setQuorate(false);
    simulator.nodeDown('pve2');
    const [head, first, second] = rows(await call('GET', '/cluster/status'));
    expect(head).toMatchObject({ type: 'cluster', name: 'sim', quorate: 0, nodes: 2 });
    expect([first, second]).toMatchObject([
      { name: 'pve1', online: 1, local: 1 },
      { name: 'pve2', online: 0, local: 0 },
    ]);
  });
});

describe('a node that is down', () => {
  it('does not answer itself, and its VMs stay in cluster/resources, unknown after five minutes', async () => {
    const { call, simulator, clock } = cluster();
    simulator.addVm({ vmid: 200, node: 'pve2', running: true });
    simulator.nodeDown('pve2');
    const request = { method: 'GET', url: '/api2/json/version', headers: {}, body: '' };
    await expect(simulator.entry('pve2')(request)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    const state = async () => {
      const found = rows(await call('GET', '/cluster/resources', { type: 'vm' })).find((row) => row.vmid === 200);
      return [found?.node, found?.status];
    };
    expect(await state()).toEqual(['pve2', 'running']);
    clock.advance(301_000);
    expect(await state()).toEqual(['pve2', 'unknown']);
    expect(rows(await call('GET', '/nodes')).map((row) => row.status)).toEqual(['online', 'offline']);
    simulator.nodeUp('pve2');
    expect(await state()).toEqual(['pve2', 'running']);
  });

  it('answers 595 through another node only', async () => {
    const { simulator, token } = cluster();
    simulator.nodeDown('pve1');
    const headers = { authorization: token.header };
    const ask = (url: string) => simulator.entry('pve2')({ method: 'GET', url: `/api2/json${url}`, headers, body: '' });
    expect((await ask('/nodes/pve1/qemu')).status).toBe(595);
    expect((await ask('/nodes/pve2/qemu')).status).toBe(200);
  });
});
