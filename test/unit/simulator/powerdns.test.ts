import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { scaledClock } from '../../../src/base/clock.ts';
import { createPowerdnsSimulator, type PowerdnsSimulator } from '../../../src/simulator/powerdns.ts';
import { type RunningServer, serve } from '../../../src/simulator/server.ts';
import { startPowerdns, type TestPowerdns } from '../../support/powerdns.ts';

const forward = 'example.test';
const reverse = '0/25.2.0.192.in-addr.arpa';
const forwardPath = `/api/v1/servers/localhost/zones/${forward}.`;
const reversePath = '/api/v1/servers/localhost/zones/0=2F25.2.0.192.in-addr.arpa.';
let real: TestPowerdns;
let simulator: PowerdnsSimulator;
let served: RunningServer;

beforeAll(async () => {
  real = await startPowerdns({ zones: [forward, reverse] });
  const { apiKey } = real;
  const zones = { [forward]: [], [`${reverse}.`]: [] };
  simulator = createPowerdnsSimulator({ apiKey, zones, clock: scaledClock(0, 20) });
  served = await serve(simulator.handle);
});
afterEach(() => simulator.setFault());
afterAll(async () => {
  await served?.close();
  await real?.stop();
});

interface Call {
  method?: string;
  path?: string;
  /** undefined: the right one. */
  key?: string | null;
  accept?: string;
  body?: string;
}

const serials = z.object({ serial: z.number(), edited_serial: z.number(), rrsets: z.array(z.any()).optional() });

/** Status, type and body; what depends on the day and on storage order is taken out. */
async function answerOf(url: string, { method = 'GET', path = forwardPath, key, accept, body }: Call) {
  const headers: Record<string, string> = { Accept: accept ?? 'application/json' };
  if (key !== null) headers['X-API-Key'] = key ?? real.apiKey;
  const response = await fetch(url + path, { method, headers, ...(body === undefined ? {} : { body }) });
  const text = await response.text();
  const type = response.headers.get('content-type');
  const challenge = response.headers.get('www-authenticate');
  const plain = { status: response.status, reason: response.statusText, type, challenge };
  const zone = type === 'application/json' ? serials.loose().safeParse(JSON.parse(text)) : undefined;
  if (zone?.success !== true) return { ...plain, body: type === 'application/json' ? JSON.parse(text) : text };
  const { serial, edited_serial, rrsets, ...rest } = zone.data;
  expect(edited_serial).toBe(serial);
  const sorted = rrsets
    ?.map((set) => JSON.stringify(set, Object.keys({ ...set, content: 0, disabled: 0 }).sort()))
    .sort();
  return { ...plain, body: { ...rest, rrsets: sorted?.map((set) => set.replace(String(serial), 'SERIAL')) } };
}

function patch(...rrsets: object[]): Call {
  return { method: 'PATCH', body: JSON.stringify({ rrsets }) };
}

const set = (change: object = {}) => ({
  name: `vm1.${forward}.`,
  type: 'A',
  ttl: 300,
  changetype: 'REPLACE',
  records: [{ content: '192.0.2.10', disabled: false }],
  ...change,
});
const holding = (type: string, ...contents: unknown[]) =>
  set({ type, records: contents.map((content) => ({ content })) });
const ptr = (...contents: string[]): Call => ({
  ...patch({ ...holding('PTR', ...contents), name: `10.${reverse}.` }),
  path: reversePath,
});

/** In this order on both servers: each request finds what those before it have left. */
const calls: Record<string, Call[]> = {
  'looks at zones': [
    {},
    { path: forwardPath.slice(0, -1) },
    { path: forwardPath.toUpperCase().replace('/API/V1/SERVERS/LOCALHOST/ZONES', '/api/v1/servers/localhost/zones') },
    ...['?rrsets=false', '?rrsets=true', '?rrsets=no'].map((query) => ({ path: forwardPath + query })),
    ...['0=2F25', '0%2F25', '0=2f25', '0=ZZ', '0=2'].map((label) => ({
      path: `${reversePath.replace('0=2F25', label)}?rrsets=false`,
    })),
    ...['nope.test.', 'nope.test.?rrsets=no', 'a..b.', 'bad%20name.', ''].map((zone) => ({
      path: `/api/v1/servers/localhost/zones/${zone}`,
    })),
    { path: `/api/v1/servers/other/zones/${forward}.` },
    { path: `${forwardPath}/` },
    { path: '/api/v1/nothing' },
  ],
  'refuses strangers': [
    ...['application/json', '*/*', 'text/plain'].flatMap((accept) => [
      { key: 'wrong', accept },
      { key: null, accept },
      { key: 'wrong', accept, path: '/api/v1/nothing' },
      { key: 'wrong', accept, path: `/api/v1/servers/localhost/zones/nope.test.` },
      { ...patch(set()), key: 'wrong', accept },
      { method: 'POST', body: '{}', key: 'wrong', accept },
      { method: 'POST', body: '{}', accept },
      { path: `/api/v1/servers/localhost/zones/nope.test.`, accept },
      { method: 'PATCH', body: '{', accept },
      { ...patch(set({ name: 'x' })), accept },
    ]),
    {},
  ],
  'changes sets': [
    patch(set()),
    {},
    patch(set({ ttl: 60, records: [{ content: '192.0.2.2' }, { content: '192.0.2.1' }] })),
    ...['name=vm1.example.test.', 'name=VM1.example.test', 'name=vm1.example.test.&rrset_type=A', 'type=A'].map(
      (query) => ({
        path: `${forwardPath}?rrset_${query}`,
      }),
    ),
    ...['vm1.example.test.&rrset_type=AAAA', 'vm1.example.test.&rrset_type=a', 'a.other.test.', '', 'a..b.'].map(
      (name) => ({
        path: `${forwardPath}?rrset_name=${name}`,
      }),
    ),
    patch(set({ records: [{ content: '192.0.2.1' }, { content: '192.0.2.3', disabled: true }] })),
    { path: `${forwardPath}?rrset_name=vm1.example.test.` },
    {},
    patch(set({ name: `VM9.Example.test.`, type: 'aaaa', ttl: '60', records: [{ content: '2001:0DB8:0:0::0010' }] })),
    patch(set({ name: `*.${forward}.` }), set({ name: `a_b.c/d.${forward}.` }), set({ name: `${forward}.` })),
    {},
    patch(set({ changetype: 'delete' }), set({ name: `gone.${forward}.`, changetype: 'DELETE' })),
    patch(set({ name: 'vm1.other.test.', changetype: 'DELETE', records: undefined, ttl: undefined })),
    patch(set({ name: `*.${forward}.`, records: [] })),
    {},
    patch(),
    {},
  ],
  'refuses a PATCH as a whole': [
    ...['{bad', '', '[]', '{}', '{"rrsets":{}}', '{"rrsets":[]} x'].map((body) => ({ method: 'PATCH', body })),
    { ...patch(set()), path: forwardPath.replace(forward, 'nope.test') },
    patch(set({ name: `first.${forward}.` }), set({ name: 'x' })),
    patch(set(), set()),
    patch(set(), set({ name: `VM1.${forward}.` })),
    patch(set(), set({ changetype: 'DELETE' })),
    {},
  ],
  'checks a set before its records': [
    { method: 'PATCH', body: '{"rrsets":[3]}' },
    ...['changetype', 'name', 'type', 'ttl', 'records'].flatMap((key) => [
      patch(set({ [key]: undefined })),
      patch(set({ [key]: null })),
    ]),
    patch(set({ changetype: 'EXTEND' })),
    patch(set({ changetype: 'EXTEND', type: 'BOGUS' })),
    patch(set({ changetype: 'DELETE', type: 'BOGUS' })),
    patch(set({ ttl: undefined, records: [] })),
    patch(set({ ttl: undefined, records: [{ content: 'x' }] })),
    patch(set({ ttl: undefined, records: undefined })),
    patch(set({ records: {} })),
    patch(set({ records: ['x', {}] })),
    patch(set({ records: [{ content: 'x', disabled: 3 }] })),
    patch(set({ name: 'a.other.test.', records: undefined })),
    ...[
      'vm1.example.test',
      '',
      'a..example.test.',
      '.example.test.',
      `${'a'.repeat(64)}.example.test.`,
      '.',
      'test.',
    ].map((name) => patch(set({ name }))),
    ...['xexample.test.', 'bad name.example.test.', 'a@b.example.test.', 'ä.example.test.', 'a*b.example.test.'].map(
      (name) => patch(set({ name })),
    ),
  ],
  'checks A records': [
    ...[
      'not-an-ip',
      ' x y',
      '192.0.2.010',
      '192.0.2',
      '192.0.2.256',
      '192.0.2.1.',
      '',
      ' ',
      ' 192.0.2.1',
      '192.0.2.1 ',
      '1',
    ],
    ...[
      '2001:db8::1',
      '192.0.2.1x',
      '1.2.3.4.5',
      '192.0..1',
      '.1.2.3',
      '1.2.3.',
      '1.2.3.4 5',
      '1.2.3 4',
      '1.2.3.-4',
      3,
    ],
  ].map((content) => patch(holding('A', content))),
  'checks AAAA records': [
    ...[
      'not-an-ip',
      '2001:db8::10',
      '2001:DB8:0:1:1:1:1:1',
      '192.0.2.1',
      '',
      '2001:db8::1 ',
      'fe80::1%eth0',
      '1::2::3',
    ],
    ...['12345::', '1:2:3:4:5:6:7::', '0:0:1::', '1:0:0:2:0:0:0:3', '::2:3:4:5:6:7:8', '::ffff:192.0.2.1', '::', '1:2'],
  ].flatMap((content) => [patch(holding('AAAA', content)), { path: `${forwardPath}?rrset_name=vm1.example.test.` }]),
  'checks PTR records': [
    ...[
      'vm1.example.test.',
      'VM1.example.test.',
      'vm1.example.test',
      '',
      '.',
      'a b.',
      'a..b.',
      '.a.',
      'vm_1.example.test.',
    ],
    ...[`${'a'.repeat(64)}.x.`, `${'a'.repeat(60)}.`.repeat(5), 'ä.test.', 'a.test. ', ' a.test.', 'a@b.', 'A.b'],
  ].flatMap((content) => [ptr(content), { path: `${reversePath}?rrset_name=10.${reverse}.` }]),
  'checks sets of several': [
    ptr('b.', 'a.', 'C.'),
    { path: `${reversePath}?rrset_name=10.${reverse}.` },
    ptr('b.', 'B.'),
    patch(holding('A', '192.0.2.1', '192.0.2.1')),
    patch(holding('AAAA', '2001:db8::1', '2001:DB8::1')),
    patch(holding('A', '192.0.2.2', '192.0.2.1', '192.0.2.10', '192.0.2.1')),
  ],
  'keeps a CNAME alone': [
    patch(set(), { ...holding('CNAME', 'a.'), name: `c.${forward}.` }),
    patch(holding('CNAME', 'a.')),
    patch({ ...holding('CNAME', 'a.', 'b.'), name: `c.${forward}.` }),
    patch(set({ name: `c.${forward}.` })),
    patch({ ...holding('CNAME', 'a'), name: `c.${forward}.` }),
    patch({ ...holding('CNAME', 'a.'), name: `${forward}.` }),
    patch(set({ name: `c.${forward}.`, type: 'CNAME', changetype: 'DELETE' }), set({ name: `c.${forward}.` })),
    {},
  ],
};

describe('the simulator answers as the real PowerDNS does', () => {
  test.for(Object.entries(calls))('it %s', async ([, list]) => {
    for (const call of list) {
      const expected = await answerOf(real.url, call);
      expect({ call, ...(await answerOf(served.url, call)) }).toEqual({ call, ...expected });
    }
    for (const zone of [forward, reverse])
      expect(simulator.zone(zone).records()).toEqual(await real.zone(zone).records());
  });

  test('the serial grows by one with every PATCH that was done, and with no other request', async () => {
    const growth = async (serial: () => Promise<number> | number, url: string) => {
      const before = await serial();
      for (const call of [patch(set()), patch(set()), patch(), patch(set({ name: 'x' })), {}])
        await answerOf(url, call);
      return (await serial()) - before;
    };
    expect(await growth(() => real.zone(forward).serial(), real.url)).toBe(3);
    expect(await growth(() => simulator.zone(forward).serial, served.url)).toBe(3);
  });
});

describe('the switch for faults', () => {
  const change = () => answerOf(served.url, patch(holding('A', '203.0.113.9')));
  const unchanged = async (work: () => Promise<unknown>) => {
    const { serial } = simulator.zone(forward);
    await work();
    expect(simulator.zone(forward).serial).toBe(serial);
  };

  test('a server that is down gives no answer and does nothing', async () => {
    simulator.setFault({ do: 'down' });
    await unchanged(() => expect(change()).rejects.toThrow('fetch failed'));
    simulator.setFault();
    expect(await change()).toMatchObject({ status: 204 });
  });

  test('a status comes with its text, as the client accepts it, and nothing is done', async () => {
    simulator.setFault({ do: 'status', status: 500 });
    await unchanged(async () =>
      expect(await change()).toMatchObject({ status: 500, body: { error: 'Internal Server Error' } }),
    );
    simulator.setFault({ do: 'status', status: 422, text: 'database is locked' });
    expect(await answerOf(served.url, { accept: '*/*' })).toMatchObject({
      status: 422,
      body: { error: 'database is locked' },
    });
  });

  test('a slow server answers rightly, but only after its time', async () => {
    simulator.setFault({ do: 'slow', ms: 2_000 });
    const from = performance.now();
    expect(await change()).toMatchObject({ status: 204 });
    expect(performance.now() - from).toBeGreaterThanOrEqual(99);
  });
});

test('zones start with the sets that they are given, whatever the spelling of their names', () => {
  const record = { name: 'VM1.Example.test', type: 'A', ttl: 300, records: ['192.0.2.2', '192.0.2.1'] };
  const { zone } = createPowerdnsSimulator({ apiKey: 'k', zones: { 'Example.test.': [record] } });
  expect(zone('example.TEST').records()).toEqual({ 'vm1.example.test A': ['192.0.2.1', '192.0.2.2'] });
  expect(() => zone('other.test')).toThrow('no zone other.test');
});
