import { afterAll, beforeAll, expect, test } from 'vitest';
import { retryDeletion } from '../../../src/dns/deletion.ts';
import { removeRecords } from '../../../src/dns/removal.ts';
import { startPowerdns, type TestPowerdns } from '../../support/powerdns.ts';
import { silentServer, watchedPorts, zoneOn } from './fixtures.ts';

const forward = 'example.test';
const v4 = '2.0.192.in-addr.arpa';
let server: TestPowerdns;
beforeAll(async () => {
  server = await startPowerdns({ zones: [forward, v4] });
});
afterAll(() => server?.stop());

const a = (name: string, ...contents: string[]) => ({
  name: `${name}.${forward}.`,
  type: 'A',
  ttl: 300,
  records: contents.map((content) => ({ content })),
});
const ptr = (last: number, host: string) => ({
  name: `${last}.${v4}.`,
  type: 'PTR',
  ttl: 300,
  records: [{ content: `${host}.` }],
});

test('what a server that was down had to keep is deleted when it is back', async () => {
  await server.zone(forward).put(a('vm1', '192.0.2.10'));
  await server.zone(v4).put(ptr(10, 'VM1.example.test'));
  const down = await silentServer();
  await down.stop();
  const zonesAt = (url: string) => [forward, v4].map((zone) => zoneOn({ ...server, url }, zone));
  const vm = { fqdn: 'vm1.example.test', addresses: ['192.0.2.10'], rdns: {} };
  const failed = await removeRecords(zonesAt(down.url), vm, watchedPorts().ports);
  const leftovers = failed.flatMap((result) => result.leftovers);

  const still = await retryDeletion(leftovers, zonesAt(down.url), watchedPorts().ports);
  expect(still.map(({ ok, final }) => [ok, final])).toEqual([
    [false, false],
    [false, false],
  ]);
  const back = await retryDeletion(leftovers, zonesAt(server.url), watchedPorts().ports);
  expect(back).toEqual(leftovers.map((entry) => ({ entry, ok: true, final: true })));
  expect(await server.zone(forward).records()).toEqual({});
  expect(await server.zone(v4).records()).toEqual({});
});

test('a record that belongs to a new owner by now stays', async () => {
  await server.zone(forward).put(a('vm2', '203.0.113.5'), a('vm3', '192.0.2.13', '203.0.113.6'));
  await server.zone(v4).put(ptr(12, 'new.example.test'));
  const common = { provider: 'powerdns', zone: forward, type: 'A' } as const;
  const results = await retryDeletion(
    [
      { ...common, name: 'vm2.example.test', content: ['192.0.2.12'] },
      { ...common, name: 'vm3.example.test', content: ['192.0.2.13'] },
      { ...common, zone: v4, type: 'PTR', name: `12.${v4}`, content: ['vm2.example.test'] },
    ],
    [forward, v4].map((zone) => zoneOn(server, zone)),
    watchedPorts().ports,
  );
  expect(results.every(({ ok }) => ok)).toBe(true);
  expect(await server.zone(forward).records()).toEqual({
    'vm2.example.test A': ['203.0.113.5'],
    'vm3.example.test A': ['203.0.113.6'],
  });
  expect(await server.zone(v4).records()).toEqual({ [`12.${v4} PTR`]: ['new.example.test.'] });
});

test('two remembered deletions of one set are both done, on every zone of that name', async () => {
  const other = await startPowerdns({ zones: [forward] });
  for (const { zone } of [server, other]) await zone(forward).put(a('vm4', '192.0.2.1', '192.0.2.2', '192.0.2.3'));
  const common = { provider: 'powerdns', zone: `${forward}.`, name: 'VM4.example.test.', type: 'A' } as const;
  const entries = ['192.0.2.1', '192.0.2.3'].map((content) => ({ ...common, content: [content] }));
  const zones = [server, other].map((each) => zoneOn(each, forward));
  const results = await retryDeletion(entries, zones, watchedPorts().ports);
  expect(results).toEqual(entries.map((entry) => ({ entry, ok: true, final: true })));
  for (const { zone } of [server, other]) {
    expect(await zone(forward).records()).toMatchObject({ 'vm4.example.test A': ['192.0.2.2'] });
  }
  await other.stop();
});

test('a deletion in a zone that is configured no more, or with another provider only, is not tried again', async () => {
  const zones = [zoneOn(server, forward)];
  const entry = { zone: forward, name: `vm.${forward}`, type: 'A', content: ['192.0.2.1'] };
  const old = { ...entry, provider: 'powerdns', zone: 'old.test' };
  const moved = { ...entry, provider: 'hestiacp' };
  const results = await retryDeletion([old, moved], zones, watchedPorts().ports);
  expect(results).toEqual([
    { entry: old, ok: false, final: true, error: error('old.test', 'powerdns') },
    { entry: moved, ok: false, final: true, error: error(forward, 'hestiacp') },
  ]);
  function error(zone: string, provider: string): string {
    return `no zone ${zone} of provider ${provider} in the configuration any more`;
  }
});

test('a deletion that failed on one of two servers is tried again, and says why', async () => {
  await server.zone(forward).put(a('vm5', '192.0.2.5'));
  const entry = { provider: 'powerdns', zone: forward, name: `vm5.${forward}`, type: 'A', content: ['192.0.2.5'] };
  const empty = await startPowerdns({ zones: [] });
  const zones = [zoneOn(empty, forward), zoneOn(server, forward)];
  const [result] = await retryDeletion([entry], zones, watchedPorts().ports);
  const error = `no zone ${forward} on server localhost at ${empty.url}`;
  expect(result).toEqual({ entry, ok: false, final: false, error });
  expect(await server.zone(forward).records()).not.toHaveProperty('vm5.example.test A');
  await empty.stop();
});

test('a remembered record of a type that vmctl never writes is left alone', async () => {
  await server.zone(forward).put({ ...a('mx', '10 mail.example.test.'), type: 'MX' });
  const entry = {
    provider: 'powerdns',
    zone: forward,
    name: `mx.${forward}`,
    type: 'MX',
    content: ['10 mail.example.test.'],
  };
  const [result] = await retryDeletion([entry], [zoneOn(server, forward)], watchedPorts().ports);
  expect(result).toMatchObject({ ok: false, final: true, error: "MX records are none of vmctl's" });
  expect(await server.zone(forward).records()).toHaveProperty('mx.example.test MX');
});
