import { afterEach, describe, expect, test } from 'vitest';
import type { Clock } from '../../../../src/base/clock.ts';
import { createDnsPorts } from '../../../../src/dns/ports.ts';
import { removeRecords } from '../../../../src/dns/removal.ts';
import { setRecords } from '../../../../src/dns/upsert.ts';
import type { CloudflareZone } from '../../../../src/settings/types.ts';
import type { CloudflareOptions } from '../../../../src/simulator/cloudflare.ts';
import { startCloudflare, type TestCloudflare } from './cloudflare-server.ts';
import { dnsPorts } from './provider.ts';
import { describeProvider, forward, v4 } from './suite.ts';

describeProvider('Cloudflare', () => startCloudflare());

let server: TestCloudflare;
afterEach(() => server?.stop());

async function start(options: Partial<CloudflareOptions> = {}) {
  server = await startCloudflare(options);
  return server.simulator;
}
const vm = { fqdn: `vm.${forward}`, addresses: ['192.0.2.1'], rdns: {} };
const key = { name: vm.fqdn, type: 'A' } as const;
const zoneId = `id-of-${forward}`;
const set = (zone: CloudflareZone = server.zone(forward), ports = dnsPorts()) => setRecords([zone], vm, ports);
const remove = (zone: CloudflareZone = server.zone(forward), ports = dnsPorts()) => removeRecords([zone], vm, ports);
const open = () => dnsPorts().open(server.zone(forward));

describe('records at Cloudflare', () => {
  test('are written unproxied, with a comment that says whose they are', async () => {
    const simulator = await start();
    await set();
    expect(simulator.zone(zoneId).lines).toMatchObject([
      { name: vm.fqdn, content: '192.0.2.1', ttl: 300, proxied: false, comment: 'vmctl' },
    ]);
  });

  test.each([
    { ttl: 1, sent: 1 },
    { ttl: 30, sent: 60 },
    { ttl: 200_000, sent: 86_400 },
  ])('with a TTL of $ttl get $sent, and are not written again', async ({ ttl, sent }) => {
    const simulator = await start();
    const zone = { ...server.zone(forward), ttl };
    expect(await set(zone)).toMatchObject([{ ok: true, written: true }]);
    expect(simulator.zone(zoneId).lines).toMatchObject([{ ttl: sent }]);
    expect(await set(zone)).toMatchObject([{ ok: true, written: false }]);
  });

  test('that are proxied are written again when they are set, and left so when another of the set goes', async () => {
    const simulator = await start();
    const zone = { ...server.zone(forward), ttl: 1 };
    simulator.zone(zoneId).add({ ...key, content: '192.0.2.1', proxied: true });
    expect(await set(zone)).toMatchObject([{ ok: true, written: true }]);
    expect(simulator.zone(zoneId).lines).toMatchObject([{ proxied: false }]);
    simulator.zone(zoneId).add({ ...key, content: '203.0.113.9', proxied: true });
    expect(await remove(zone)).toMatchObject([{ ok: true, written: true }]);
    expect(simulator.zone(zoneId).lines).toMatchObject([{ content: '203.0.113.9', proxied: true, comment: null }]);
  });

  test('on many pages are all found', async () => {
    const simulator = await start({ mostPerPage: 2 });
    for (const last of [1, 2, 3, 4, 5]) simulator.zone(zoneId).add({ ...key, content: `192.0.2.${last}` });
    const addresses = ['192.0.2.1', '192.0.2.5'];
    const [result] = await removeRecords([server.zone(forward)], { ...vm, addresses }, dnsPorts());
    expect(result).toMatchObject({ ok: true, written: true });
    expect(simulator.zone(zoneId).records()).toEqual({ [`${vm.fqdn} A`]: ['192.0.2.2', '192.0.2.3', '192.0.2.4'] });
  });

  test('that are more than 200 are written in batches of at most 200', async () => {
    const simulator = await start({ quota: 1_000 });
    const addresses = Array.from({ length: 230 }, (_, index) => `192.0.2.${index + 1}`);
    const many = { ...vm, addresses };
    expect((await setRecords([server.zone(v4)], many, dnsPorts())).every(({ ok }) => ok)).toBe(true);
    expect((await removeRecords([server.zone(v4)], many, dnsPorts())).every(({ ok }) => ok)).toBe(true);
    const batches = simulator.log.filter(({ method }) => method === 'POST').map(({ operations }) => operations);
    expect(batches).toEqual([200, 30, 200, 30]);
    expect(simulator.zone(`id-of-${v4}`).records()).toEqual({});
  });
});

describe('somebody else who changes the zone meanwhile', () => {
  test('has added the same record: a success, and it is there once', async () => {
    const simulator = await start();
    const provider = await open();
    await provider.read([key]);
    simulator.zone(zoneId).add({ ...key, content: '192.0.2.1', ttl: 300 });
    expect(await provider.apply([{ ...key, ttl: 300, records: ['192.0.2.1'] }])).toEqual([{ ...key, ok: true }]);
    expect(simulator.zone(zoneId).lines).toHaveLength(1);
  });

  test('has deleted the record: a success, and what he put there stays', async () => {
    const simulator = await start();
    simulator.zone(zoneId).add({ ...key, content: '192.0.2.1' });
    const provider = await open();
    await provider.read([key]);
    simulator.zone(zoneId).remove(vm.fqdn);
    simulator.zone(zoneId).add({ ...key, content: '203.0.113.9' });
    expect(await provider.apply([{ ...key, ttl: 300, records: [] }])).toEqual([{ ...key, ok: true }]);
    expect(simulator.zone(zoneId).records()).toEqual({ [`${vm.fqdn} A`]: ['203.0.113.9'] });
  });

  test('has deleted one of many: the others are still deleted', async () => {
    const simulator = await start();
    const keys = [1, 2, 3, 4, 5].map((n) => ({ name: `n${n}.${forward}`, type: 'A' }) as const);
    for (const each of keys) simulator.zone(zoneId).add({ ...each, content: '192.0.2.1' });
    const provider = await open();
    await provider.read(keys);
    simulator.zone(zoneId).remove(`n4.${forward}`);
    const results = await provider.apply(keys.map((each) => ({ ...each, ttl: 300, records: [] })));
    expect(results).toEqual(keys.map((each) => ({ ...each, ok: true })));
    expect(simulator.zone(zoneId).records()).toEqual({});
  });
});

describe('what Cloudflare refuses', () => {
  test('an A beside a CNAME: refused for good, and the others are written', async () => {
    const simulator = await start();
    simulator.zone(zoneId).add({ name: `alias.${forward}`, type: 'CNAME', content: 'example.org' });
    const names = ['a', 'alias', 'b', 'c'].map((label) => `${label}.${forward}`);
    const changes = names.map((name) => ({ name, type: 'A', ttl: 300, records: ['192.0.2.1'] }) as const);
    const results = await (await open()).apply(changes);
    expect(results.map(({ ok }) => ok)).toEqual([true, false, true, true]);
    expect(results[1]).toMatchObject({ kind: 'refused', message: expect.stringContaining('(Cloudflare code 81054)') });
    expect(Object.keys(simulator.zone(zoneId).records())).toHaveLength(4);
  });

  test('more records than the plan allows: not for good', async () => {
    await start({ quota: 0 });
    const [result] = await set();
    expect(result).toMatchObject({
      ok: false,
      refused: false,
      error: 'Record quota exceeded. (Cloudflare code 81045)',
    });
  });

  test.each([
    { status: 403, code: 10000, refused: false },
    { status: 404, code: 7003, refused: false },
    { status: 400, code: 1004, refused: true },
    { status: 200, code: 81053, refused: true },
    { status: 500, code: 1004, refused: false },
    { status: 400, code: 12345, refused: false },
  ])('$status with code $code to a change: refused for good is $refused', async ({ status, code, refused }) => {
    const simulator = await start();
    simulator.zone(zoneId).add({ ...key, content: '192.0.2.1' });
    const provider = await open();
    await provider.read([key]);
    simulator.setFault({ do: 'error', status, code });
    const [result] = await provider.apply([{ ...key, ttl: 300, records: [] }]);
    expect(result).toMatchObject({ ok: false, message: expect.stringContaining(`(Cloudflare code ${code})`) });
    expect(result).toMatchObject(refused ? { kind: 'refused' } : { kind: status === 500 ? 'transient' : 'permanent' });
  });
});

describe('the rate limit', () => {
  function recording(): { ports: ReturnType<typeof createDnsPorts>; slept: number[] } {
    const slept: number[] = [];
    const clock: Clock = { now: () => 0, monotonic: () => 0, sleep: async (ms) => void slept.push(ms) };
    return { ports: createDnsPorts({ clock }), slept };
  }

  test('is waited for where that is short', async () => {
    const simulator = await start();
    simulator.setFault({ do: 'rate-limit', retryAfter: 4, times: 2 });
    const { ports, slept } = recording();
    expect(await set(server.zone(forward), ports)).toMatchObject([{ ok: true, written: true }]);
    expect(slept).toEqual([4_000, 4_000]);
  });

  test('is not waited for beyond 10 s in all: the records are left for another time', async () => {
    const simulator = await start();
    simulator.zone(zoneId).add({ ...key, content: '192.0.2.1' });
    simulator.setFault({ do: 'rate-limit', retryAfter: 4, times: 3 });
    const { ports, slept } = recording();
    const [result] = await remove(server.zone(forward), ports);
    expect(result).toMatchObject({ ok: false, refused: false, leftovers: [{ content: ['192.0.2.1'] }] });
    expect(result?.error).toMatch(/code 971/);
    expect(slept).toEqual([4_000, 4_000]);
  });

  test.each([300, 0, undefined])(
    'that says to wait %s s is neither waited for too long nor for ever',
    async (retryAfter) => {
      const simulator = await start();
      simulator.setFault({ do: 'rate-limit', ...(retryAfter === undefined ? {} : { retryAfter }), times: 1_000 });
      const { ports, slept } = recording();
      expect(await set(server.zone(forward), ports)).toMatchObject([{ ok: false, refused: false }]);
      expect(slept.reduce((sum, ms) => sum + ms, 0)).toBeLessThanOrEqual(10_000);
    },
  );
});

test('a URL with a final slash is the same server', async () => {
  await start();
  expect(await set({ ...server.zone(forward), url: `${server.zone(forward).url}/` })).toMatchObject([{ ok: true }]);
});
