import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Clock, systemClock } from '../../../src/base/clock.ts';
import { registerSecret } from '../../../src/base/redact.ts';
import { retryDeletion } from '../../../src/dns/deletion.ts';
import { createGotSender } from '../../../src/dns/got-sender.ts';
import { createDnsPorts } from '../../../src/dns/ports.ts';
import { removeRecords } from '../../../src/dns/removal.ts';
import { setRecords } from '../../../src/dns/upsert.ts';
import { startPowerdns, type TestPowerdns } from '../../support/powerdns.ts';
import { answeringServer, line, silentServer, watchedPorts, zoneOn } from './fixtures.ts';

const forward = 'example.test';
const v4 = '2.0.192.in-addr.arpa';
const vm = { fqdn: 'vm1.example.test', addresses: ['192.0.2.10', '192.0.2.11', '2001:db8::1'], rdns: {} };
let healthy: TestPowerdns;
beforeAll(async () => {
  healthy = await startPowerdns({ zones: [forward, v4] });
});
afterAll(() => healthy?.stop());
beforeEach(async () => {
  await setRecords([zoneOn(healthy, forward), zoneOn(healthy, v4)], vm, watchedPorts().ports);
});

test('a server that is down costs one attempt, its records fail with the reason, and the other server does its own', async () => {
  const down = await silentServer();
  await down.stop();
  const zones = [down, healthy].flatMap(({ url }) => [forward, v4].map((zone) => zoneOn({ ...healthy, url }, zone)));
  const { ports, sent } = watchedPorts();
  const results = await removeRecords(zones, vm, ports);
  expect(sent.filter((request) => request.includes(down.url))).toHaveLength(1);
  const reason = `no answer from ${down.url}: connect ECONNREFUSED ${down.url.replace('http://', '')}`;
  expect(results.map(line)).toEqual([
    `fwd-del ERR ${forward} ← vm1.example.test: ${reason}`,
    `fwd-del OK ${forward} ← vm1.example.test`,
    `rev-del ERR ${v4} ← 192.0.2.10: ${reason}`,
    `rev-del ERR ${v4} ← 192.0.2.11: ${reason}`,
    `rev-del OK ${v4} ← 192.0.2.10`,
    `rev-del OK ${v4} ← 192.0.2.11`,
  ]);
  expect(results.filter(({ ok }) => !ok).every(({ refused }) => refused === false)).toBe(true);
  expect(await healthy.zone(v4).records()).toEqual({});
});

test('what could not be deleted is remembered with the content that is ours', async () => {
  const down = await silentServer();
  await down.stop();
  const zones = [forward, v4].map((zone) => zoneOn({ ...healthy, url: down.url }, zone));
  const rdns = { '192.0.2.11': 'Mail.example.test.' };
  const results = await removeRecords(zones, { ...vm, rdns }, watchedPorts().ports);
  const common = { provider: 'powerdns', zone: v4, type: 'PTR' };
  expect(results.flatMap(({ leftovers }) => leftovers)).toEqual([
    { ...common, zone: forward, name: vm.fqdn, type: 'A', content: ['192.0.2.10', '192.0.2.11'] },
    { ...common, zone: forward, name: vm.fqdn, type: 'AAAA', content: ['2001:db8::1'] },
    { ...common, name: `10.${v4}`, content: ['vm1.example.test'] },
    { ...common, name: `11.${v4}`, content: ['mail.example.test', 'vm1.example.test'] },
  ]);
});

test('a server that does not answer costs one time-out, for this VM and for the next ones until 30 s later', async () => {
  const silent = await silentServer();
  let now = 0;
  const clock: Clock = { now: () => now, monotonic: () => now, sleep: () => Promise.resolve() };
  const ports = createDnsPorts({ clock, send: createGotSender({ connect: 5_000, response: 150 }) });
  const zones = [forward, v4].map((zone) => zoneOn({ ...healthy, url: silent.url }, zone));
  const results = await Promise.all([1, 2, 3].map(() => removeRecords(zones, vm, ports)));
  expect(silent.connections()).toBe(1);
  expect(new Set(results.flat().map(({ error }) => error)).size).toBe(1);
  expect(results[2]?.[0]?.error).toMatch(/^no answer from http.*Timeout/);
  now = 29_999;
  await removeRecords(zones, vm, ports);
  expect(silent.connections()).toBe(1);
  now = 30_000;
  await removeRecords(zones, vm, ports);
  expect(silent.connections()).toBe(2);
  await silent.stop();
});

test('a wrong key is an error that names the server and shows no key, and what it kept is left over', async () => {
  const zones = [forward, v4].map((zone) => zoneOn({ ...healthy, apiKey: 'wrong-key-1234' }, zone));
  const results = await removeRecords(zones, vm, watchedPorts().ports);
  expect(results.map(({ ok, refused }) => [ok, refused])).toEqual(results.map(() => [false, false]));
  expect(results.flatMap(({ leftovers }) => leftovers).map(({ type }) => type)).toEqual(['A', 'AAAA', 'PTR', 'PTR']);
  expect(results[0]?.error).toBe(`${healthy.url}: Unauthorized (HTTP 401)`);
  expect(await healthy.zone(v4).records()).not.toEqual({});
});

test('a zone that the server does not have fails alone, and what it may get back is left over', async () => {
  const zones = [zoneOn(healthy, 'test'), zoneOn(healthy, forward), zoneOn(healthy, v4)];
  const results = await removeRecords(zones, vm, watchedPorts().ports);
  expect(results.map(line)).toEqual([
    `fwd-del ERR test ← vm1.example.test: no zone test on server localhost at ${healthy.url}`,
    `fwd-del OK ${forward} ← vm1.example.test`,
    `rev-del OK ${v4} ← 192.0.2.10`,
    `rev-del OK ${v4} ← 192.0.2.11`,
  ]);
  expect(results[0]).toMatchObject({ refused: false, leftovers: [{ type: 'A' }, { type: 'AAAA' }] });
});

test('a secret that a server repeats does not get into the error', async () => {
  const apiKey = 'echoed-secret-key';
  registerSecret(apiKey);
  const echo = await answeringServer((request, response) => {
    response.writeHead(500).end(`you sent ${request.headers['x-api-key']}\nin two lines`);
  });
  const results = await removeRecords([zoneOn({ url: echo.url, apiKey }, v4)], vm, watchedPorts().ports);
  expect(results[0]?.error).toBe('you sent *** in two lines (HTTP 500)');
  await echo.stop();
});

test('a turn that another host does not give away is an error of every record, for now', async () => {
  const turns = () => Promise.reject(new Error('slot is taken'));
  const ports = createDnsPorts({ clock: systemClock, turns });
  const results = await removeRecords([zoneOn(healthy, v4)], vm, ports);
  expect(results.map(({ error, refused }) => [error, refused])).toEqual(
    Array.from({ length: 2 }, () => [`no turn at powerdns ${healthy.url}: slot is taken`, false]),
  );
});

test('what the listener of results throws is not taken for a DNS failure', async () => {
  let calls = 0;
  const onResult = () => {
    calls += 1;
    if (calls === 1) throw new Error('disk full');
  };
  const running = removeRecords([zoneOn(healthy, v4)], vm, watchedPorts().ports, { onResult });
  await expect(running).rejects.toThrow('disk full');
});

test('an internal error of the server is no refusal, and it is not asked again', async () => {
  const broken = await answeringServer((_, response) => response.writeHead(500).end('Internal Server Error'));
  const zones = [forward, v4].map((zone) => zoneOn({ ...healthy, url: broken.url }, zone));
  const results = await removeRecords(zones, vm, watchedPorts().ports);
  expect(results.map(({ error, refused }) => [error, refused])).toEqual(
    Array.from({ length: 3 }, () => ['Internal Server Error (HTTP 500)', false]),
  );
  expect(broken.connections()).toBe(1);
  await broken.stop();
});

test('something else than a PowerDNS at the URL is named', async () => {
  const other = await answeringServer((_, response) => response.end('<html>hello</html>'));
  const results = await removeRecords([zoneOn({ ...healthy, url: other.url }, v4)], vm, watchedPorts().ports);
  expect(results[0]).toMatchObject({ refused: false, error: `${other.url} does not answer like a PowerDNS API` });
  await other.stop();
});

test.each([
  { status: 422, refused: true },
  { status: 401, refused: false },
  { status: 404, refused: false },
  { status: 503, refused: false },
])('a $status to the change of one record that could be read: refused for good is $refused', async (outcome) => {
  const name = `10.${v4}.`;
  const set = { name, type: 'PTR', ttl: 300, records: [{ content: 'vm1.example.test.' }] };
  const server = await answeringServer(({ method }, response) => {
    if (method === 'PATCH') response.writeHead(outcome.status).end('{"error":"no"}');
    else response.end(JSON.stringify({ rrsets: [set] }));
  });
  const zones = [zoneOn({ ...healthy, url: server.url }, v4)];
  const [result] = await removeRecords(zones, { ...vm, addresses: ['192.0.2.10'] }, watchedPorts().ports);
  const left = outcome.refused ? [] : [{ type: 'PTR', content: ['vm1.example.test'] }];
  expect(result).toMatchObject({ ok: false, refused: outcome.refused, leftovers: left });
  const entry = { provider: 'powerdns', zone: v4, name, type: 'PTR', content: ['vm1.example.test'] };
  const [retried] = await retryDeletion([entry], zones, watchedPorts().ports);
  expect(retried).toMatchObject({ ok: false, final: outcome.refused });
  await server.stop();
});

test('answers are asked for in JSON, with the key of the zone, past a URL with a path of its own', async () => {
  const asked: unknown[] = [];
  const proxy = await answeringServer(({ url, headers }, response) => {
    asked.push([url, headers.accept, headers['x-api-key']]);
    response.end('{"rrsets":[]}');
  });
  await removeRecords([zoneOn({ url: `${proxy.url}/pdns/`, apiKey: 'k' }, v4)], vm, watchedPorts().ports);
  const path = `/pdns/api/v1/servers/localhost/zones/${v4}.?rrset_name=10.${v4}.`;
  expect(asked[0]).toEqual([path, 'application/json', 'k']);
  await proxy.stop();
});

test('a redirect is not followed: the key stays with its server', async () => {
  const target = await silentServer();
  const headers = { location: `${target.url}/api` };
  const moved = await answeringServer((_, response) => response.writeHead(302, headers).end());
  const results = await removeRecords([zoneOn({ ...healthy, url: moved.url }, v4)], vm, watchedPorts().ports);
  expect(results[0]?.error).toBe('HTTP 302');
  expect(target.connections()).toBe(0);
  await Promise.all([moved.stop(), target.stop()]);
});

test('an abort ends the work at once, and is no result', { timeout: 5_000 }, async () => {
  const silent = await silentServer();
  const abort = new AbortController();
  const ports = createDnsPorts({ clock: systemClock });
  const seen: unknown[] = [];
  const zones = [zoneOn({ ...healthy, url: silent.url }, v4)];
  const running = removeRecords(zones, vm, ports, { signal: abort.signal, onResult: (result) => seen.push(result) });
  await expect.poll(() => silent.connections()).toBe(1);
  abort.abort(new Error('told to stop'));
  await expect(running).rejects.toThrow('told to stop');
  expect(seen).toEqual([]);
  await silent.stop();
});
