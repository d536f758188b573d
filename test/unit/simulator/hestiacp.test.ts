import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { scaledClock } from '../../../src/base/clock.ts';
import {
  createHestiacpSimulator,
  type HestiacpOptions,
  type HestiacpSimulator,
} from '../../../src/simulator/hestiacp.ts';
import { type RunningServer, serve } from '../../../src/simulator/server.ts';

const key = { access_key: 'Access0Key0Of0Vmctl0', secret_key: 'secret-key-of-vmctl-with-40-characters-0' };
const login = { user: 'admin', password: 'pass' };
const zone = 'example.test';
const apex = { record: '@', type: 'A', value: '198.51.100.1' };
const vm = { record: 'vm', type: 'A', value: '192.0.2.1', ttl: '300' };

let simulator: HestiacpSimulator;
let served: RunningServer;
async function start(options: Partial<HestiacpOptions> = {}): Promise<void> {
  simulator = createHestiacpSimulator({
    accessKey: key.access_key,
    secretKey: key.secret_key,
    password: login.password,
    zones: { [zone]: [apex, vm], '2.0.192.in-addr.arpa': [] },
    clock: scaledClock(0, 20),
    ...options,
  });
  await served?.close();
  served = await serve(simulator.handle);
}
beforeEach(() => start());
afterEach(() => served.close());

async function call(cmd: string, args: readonly (string | undefined)[], auth: object = key, more: object = {}) {
  const numbered = args.flatMap((arg, index) => (arg === undefined ? [] : [[`arg${index + 1}`, arg] as const]));
  const body = new URLSearchParams({ ...auth, cmd, ...Object.fromEntries(numbered), ...more });
  const answer = await fetch(`${served.url}/api/`, { method: 'POST', body });
  const code = answer.headers.get('hestia-exit-code');
  return { status: answer.status, code, type: answer.headers.get('content-type'), text: await answer.text() };
}
const add = (...args: readonly (string | undefined)[]) => call('v-add-dns-record', ['admin', zone, ...args]);

describe('with an access key', () => {
  test('a command without output is 204, one with JSON is JSON, and an empty zone is not', async () => {
    expect(await add('new', 'a', '192.0.2.2')).toMatchObject({ status: 204, code: '0', text: '' });
    const listing = await call('v-list-dns-records', ['admin', zone, 'json']);
    expect(listing).toMatchObject({ status: 200, code: '0', type: 'application/json; charset=utf-8' });
    expect(JSON.parse(listing.text)['3']).toMatchObject({ RECORD: 'new', TYPE: 'A', ID: '3', TTL: '14400' });
    const empty = await call('v-list-dns-records', ['admin', '2.0.192.in-addr.arpa', 'json']);
    expect(empty).toMatchObject({ status: 200, type: 'text/html; charset=UTF-8', text: '{\n}' });
  });

  test.each([
    { what: 'too few arguments', cmd: 'v-add-dns-record', args: ['admin', zone, 'x', 'A'], status: 400, code: '1' },
    { what: 'no such user', cmd: 'v-list-dns-records', args: ['other', zone], status: 400, code: '3' },
    { what: 'no such zone', cmd: 'v-list-dns-records', args: ['admin', 'no.test'], status: 400, code: '3' },
    { what: 'no such id', cmd: 'v-delete-dns-record', args: ['admin', zone, '99'], status: 400, code: '3' },
    { what: 'a zone with a slash', cmd: 'v-list-dns-records', args: ['admin', '0/25.test'], status: 422, code: '2' },
    { what: 'an id that is none', cmd: 'v-delete-dns-record', args: ['admin', zone, '0'], status: 422, code: '2' },
    {
      what: 'a RESTART that is none',
      cmd: 'v-delete-dns-record',
      args: ['admin', zone, '2', '300'],
      status: 422,
      code: '2',
    },
    {
      what: 'nothing to change',
      cmd: 'v-change-dns-record',
      args: ['admin', zone, '2', 'vm', 'A', '192.0.2.1', '', 'no', '300'],
      status: 400,
      code: '4',
    },
  ])('$what is code $code', async ({ cmd, args, status, code }) => {
    expect(await call(cmd, args)).toMatchObject({ status, code });
  });

  test.each(['a--b', 'a__b', 'a/b', 'a..b', '-a', 'a-', 'a b', 'a@b'])(
    'the record name %s is invalid',
    async (name) => {
      expect(await add(name, 'A', '192.0.2.2')).toMatchObject({ status: 422, code: '2' });
    },
  );

  test.each([
    ['A', '192.0.2'],
    ['A', '192.0.2.010'],
    ['AAAA', '192.0.2.1'],
    ['PTR', 'not a host'],
    ['PTR', 'under_score.test'],
    ['PTR', 'single'],
    ['BOGUS', 'x'],
  ])('a value of %s that is %s is invalid', async (type, value) => {
    expect(await add('x', type, value)).toMatchObject({ status: 422, code: '2' });
  });

  test('an argument that is not sent does not keep its place: the TTL becomes the priority', async () => {
    await add('x', 'A', '192.0.2.2', undefined, undefined, undefined, '60');
    await add('y', 'A', '192.0.2.2', '', '', '', '60');
    expect(simulator.zone(zone).lines.slice(-2)).toMatchObject([
      { record: 'x', ttl: '' },
      { record: 'y', ttl: '60' },
    ]);
  });

  test('duplicates are accepted', async () => {
    await add('vm', 'A', '192.0.2.1');
    expect(simulator.zone(zone).records()).toMatchObject({ [`vm.${zone} A`]: ['192.0.2.1', '192.0.2.1'] });
  });

  test('the last A of a zone stays', async () => {
    expect(await call('v-delete-dns-record', ['admin', zone, '1', 'no'])).toMatchObject({ status: 204 });
    const last = await call('v-delete-dns-record', ['admin', zone, '2', 'no']);
    expect(last).toMatchObject({ status: 422, code: '2', text: 'Error: at least one A record should remain active' });
  });

  test('a suspended zone takes nothing new, but gives records up', async () => {
    simulator.zone(zone).suspend(true);
    expect(await add('x', 'A', '192.0.2.2')).toMatchObject({ status: 401, code: '5' });
    expect(await call('v-delete-dns-record', ['admin', zone, '2', 'no'])).toMatchObject({ status: 204 });
  });

  test('two commands at once give one id twice, and deleting it hits both', async () => {
    await start({ workMs: 400 });
    await Promise.all([add('x', 'A', '192.0.2.2'), add('y', 'A', '192.0.2.3')]);
    expect(simulator.zone(zone).lines.map(({ id }) => id)).toEqual([1, 2, 3, 3]);
    await call('v-delete-dns-record', ['admin', zone, '3', 'no']);
    expect(simulator.zone(zone).lines).toHaveLength(2);
  });

  test('a wrong key is 9, a command that it may not run 10, and neither runs', async () => {
    await start({ allowed: ['v-list-dns-records'] });
    const wrong = { ...key, secret_key: 'x' };
    expect(await call('v-list-dns-records', ['admin', zone], wrong)).toMatchObject({ status: 401, code: '9' });
    expect(await add('x', 'A', '192.0.2.2')).toMatchObject({ status: 401, code: '10' });
    expect(simulator.log).toEqual([]);
  });

  test('a backslash in a TXT record makes the listing no JSON', async () => {
    simulator.zone(zone).add({ record: 't', type: 'TXT', value: '"a\\;b"' });
    const { text, type } = await call('v-list-dns-records', ['admin', zone, 'json']);
    expect(type).toMatch(/^text\/html/);
    expect(() => JSON.parse(text)).toThrow();
  });
});

describe('with a password', () => {
  test('a failed command is 200 with its text, or with its code where that is asked for', async () => {
    const absent = ['admin', 'no.test', 'json'];
    const failed = { status: 200, code: null, text: "Error: dns domain no.test doesn't exist\n" };
    expect(await call('v-list-dns-records', absent, login)).toMatchObject(failed);
    const coded = await call('v-list-dns-records', absent, login, { returncode: 'yes' });
    expect(coded).toMatchObject({ status: 200, code: null, text: '3' });
  });

  test('a command without output is OK, and a listing is no JSON by its type', async () => {
    expect(await call('v-delete-dns-record', ['admin', zone, '2'], login)).toMatchObject({ status: 200, text: 'OK' });
    const listing = await call('v-list-dns-records', ['admin', zone, 'json'], login);
    expect(listing.type).toMatch(/^text\/html/);
    expect(JSON.parse(listing.text)).toHaveProperty('1');
  });

  test('only the administrator logs in, with the right password', async () => {
    const refused = { status: 401, text: 'Error: authentication failed' };
    const list = ['admin', zone, 'json'];
    expect(await call('v-list-dns-records', list, { ...login, password: 'x' })).toMatchObject({
      ...refused,
      code: '9',
    });
    expect(await call('v-list-dns-records', list, { ...login, user: 'x' })).toMatchObject({ ...refused, code: '10' });
  });

  test('a switched-off API says so twice', async () => {
    simulator.setFault({ do: 'disabled' });
    const off = { status: 400, code: '11', text: 'Error: API has been disabledError: API Disabled' };
    expect(await call('v-list-dns-records', ['admin', zone], login)).toMatchObject(off);
  });
});

test('the restart follows RESTART, and its failure leaves the record written', async () => {
  await add('a', 'A', '192.0.2.2', '', '', 'no');
  expect(simulator.restarts).toBe(0);
  await add('b', 'A', '192.0.2.2', '', '', 'yes');
  await add('c', 'A', '192.0.2.2');
  expect(simulator.restarts).toBe(2);
  simulator.setFault({ do: 'restart-fails' });
  expect(await add('d', 'A', '192.0.2.2', '', '', 'yes')).toMatchObject({ status: 400, code: '20' });
  expect(simulator.zone(zone).records()).toHaveProperty([`d.${zone} A`]);
});

test('only /api/ is the API, form-encoded', async () => {
  expect((await fetch(`${served.url}/api`, { method: 'POST', redirect: 'manual' })).status).toBe(301);
  expect((await fetch(`${served.url}/login/`)).status).toBe(404);
  expect((await fetch(`${served.url}/api/?access_key=x&secret_key=y`)).status).toBe(405);
});

test('what stands in front fails too', async () => {
  simulator.setFault({ do: 'html', status: 502 });
  expect(await add('x', 'A', '192.0.2.2')).toMatchObject({ status: 502, code: null, type: 'text/html' });
  simulator.setFault({ do: 'down' });
  await expect(add('x', 'A', '192.0.2.2')).rejects.toThrow();
  simulator.setFault({ do: 'slow', ms: 20 });
  expect(await add('x', 'A', '192.0.2.2')).toMatchObject({ status: 204 });
});
