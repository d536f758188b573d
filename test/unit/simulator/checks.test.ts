import { describe, expect, it } from 'vitest';
import { cluster } from './cluster.ts';

const json = 'application/x-www-form-urlencoded';

describe('the order of checks', () => {
  it('answers a wrong secret with an empty 401 after 3 s, before anything else', async () => {
    const { call, clock } = cluster();
    const before = clock.now();
    const answer = await call('GET', '/nope', {}, 'PVEAPIToken=vmctl@pve!cron=wrong');
    expect(answer).toMatchObject({ status: 401, reason: 'Authentication failed!', body: '' });
    expect(clock.now() - before).toBe(3000);
  });

  it('says No ticket where there are no credentials at all', async () => {
    expect(await cluster().call('GET', '/version', {}, '')).toMatchObject({ status: 401, reason: 'No ticket' });
  });

  it('tells an expired token from an unknown one on 7 only', async () => {
    const old = cluster({ release: '7.4' });
    old.simulator.addToken({ id: 'a@pve!old', secret: 's', expire: 1 });
    expect((await old.call('GET', '/version', {}, 'PVEAPIToken=a@pve!old=s')).reason).toBe(
      "token 'old' access expired",
    );
    expect((await old.call('GET', '/version', {}, 'PVEAPIToken=a@pve!none=s')).reason).toBe(
      "no such token 'none' for user 'a@pve'",
    );
  });

  it('knows no route before it knows a permission', async () => {
    const { call } = cluster();
    expect(await call('GET', '/nodes/pve1/qemu/9000/nope')).toMatchObject({
      status: 501,
      reason: "Method 'GET /nodes/pve1/qemu/9000/nope' not implemented",
    });
  });

  it('refuses by permission a VM that does not exist, and before it reaches the node', async () => {
    const { call, simulator, clock } = cluster();
    const weak = simulator.addToken({ id: 'weak@pve!t', acl: [] });
    simulator.nodeDown('pve2');
    const before = clock.now();
    expect(await call('DELETE', '/nodes/pve2/qemu/7777', {}, weak.header)).toMatchObject({
      status: 403,
      reason: 'Permission check failed (/vms/7777, VM.Allocate)',
      body: '{"data":null,"message":"Permission check failed (/vms/7777, VM.Allocate)\\n"}',
    });
    expect(clock.now()).toBe(before);
  });

  it('reaches the node before it looks at the parameters', async () => {
    const { call, simulator, clock } = cluster();
    simulator.nodeDown('pve2');
    const before = clock.now();
    expect(await call('GET', '/nodes/pve2/qemu/100/config', { bogus: 1 })).toMatchObject({
      status: 595,
      reason: 'No route to host',
      body: '',
    });
    expect(clock.now() - before).toBe(3000);
  });

  it('fails to look up a node that nobody knows', async () => {
    expect((await cluster().call('GET', '/nodes/pve9/qemu')).reason).toBe(
      "hostname lookup 'pve9' failed - failed to get address info for: pve9: Temporary failure in name resolution",
    );
  });

  it('refuses unknown, ill-typed and missing parameters, each with its text', async () => {
    const { call } = cluster();
    const answer = await call('POST', '/nodes/pve1/qemu/9000/clone', { full: 'true', bogus: 1, name: 'bad name!' });
    expect(answer).toMatchObject({ status: 400, reason: 'Parameter verification failed.' });
    expect(answer.errors).toEqual({
      full: "type check ('boolean') failed - got 'true'",
      bogus: 'property is not defined in schema and the schema does not allow additional properties',
      name: 'invalid format - value does not look like a valid DNS name\n',
      newid: 'property is missing and it is not optional',
    });
  });

  it('takes true and false in a JSON body', async () => {
    const { simulator, token } = cluster();
    const answer = await simulator.handle({
      method: 'POST',
      url: '/api2/json/nodes/pve1/qemu/9000/clone',
      headers: { authorization: token.header, 'content-type': 'application/json' },
      body: '{"newid":162,"full":true}',
    });
    expect(answer.status).toBe(200);
  });

  it.each([
    ['DELETE', '/nodes/pve1/qemu/9000', json, "Unexpected content for method 'DELETE'", 501],
    ['GET', '/version', json, "Unexpected content for method 'GET'", 501],
    ['PATCH', '/version', json, "method 'PATCH' not available", 501],
    ['POST', '/access/ticket', 'text/plain', "upload 'Content-Type 'text/plain' not implemented", 506],
  ])('refuses a body on %s %s of type %s', async (method, path, type, reason, status) => {
    const { simulator, token } = cluster();
    const headers = { authorization: token.header, 'content-type': type };
    const answer = await simulator.handle({ method, url: `/api2/json${path}`, headers, body: 'purge=1' });
    expect(answer).toMatchObject({ status, reason });
  });

  it('refuses a VMID in the path that is none', async () => {
    const { call } = cluster();
    expect((await call('GET', '/nodes/pve1/qemu/abc/config')).errors).toEqual({
      vmid: "type check ('integer') failed - got 'abc'",
    });
    expect((await call('GET', '/nodes/pve1/qemu/99/config')).errors).toEqual({
      vmid: 'invalid format - value does not look like a valid VM ID\n',
    });
  });

  it('writes nothing without quorum, and still reads', async () => {
    const { call, simulator } = cluster();
    simulator.setQuorate(false);
    expect(await call('DELETE', '/nodes/pve1/qemu/9000')).toMatchObject({
      status: 500,
      reason: 'cluster not ready - no quorum?',
    });
    expect((await call('GET', '/nodes/pve1/qemu/9000/config')).status).toBe(200);
  });
});

describe('answers', () => {
  it('carry the error text in the body only since 8.3', async () => {
    const path = '/nodes/pve1/qemu/7777/config';
    const reason = "Configuration file 'nodes/pve1/qemu-server/7777.conf' does not exist";
    expect(await cluster({ release: '7.4' }).call('GET', path)).toMatchObject({ reason, body: '{"data":null}' });
    const body = JSON.stringify({ data: null, message: `${reason}\n` });
    expect(await cluster({ release: '8.4' }).call('GET', path)).toMatchObject({ reason, body });
  });

  it('always carry the Date of the clock, and close the connection from 400', async () => {
    const { call, clock } = cluster();
    const good = await call('GET', '/version');
    expect(good.headers).toMatchObject({ Date: new Date(clock.now()).toUTCString(), Connection: 'Keep-Alive' });
    expect((await call('GET', '/nope')).headers).toMatchObject({ Connection: 'close' });
  });
});
