import { afterAll, beforeAll, expect, test } from 'vitest';
import { setRecords } from '../../../src/dns/upsert.ts';
import { startPowerdns, type TestPowerdns } from '../../support/powerdns.ts';
import { watchedPorts, zoneOn } from './fixtures.ts';

const forward = 'example.test';
const v4 = '2.0.192.in-addr.arpa';
let server: TestPowerdns;
beforeAll(async () => {
  server = await startPowerdns({ zones: [forward, v4] });
});
afterAll(() => server?.stop());

const zones = () => [forward, v4].map((zone) => zoneOn(server, zone));

test('setting records again writes nothing', async () => {
  const vm = { fqdn: 'same.example.test', addresses: ['192.0.2.10', '2001:db8::10'], rdns: {} };
  const { ports, sent } = watchedPorts();
  await setRecords(zones(), vm, ports);
  const [serial] = [await server.zone(forward).serial(), sent.splice(0)];
  const results = await setRecords(zones(), { ...vm, fqdn: 'SAME.example.test.' }, ports);
  expect(results.every(({ ok, written }) => ok && !written)).toBe(true);
  expect(sent.filter((request) => request.startsWith('PATCH'))).toEqual([]);
  expect(await server.zone(forward).serial()).toBe(serial);
});

test('a changed address and a changed host replace the old ones', async () => {
  const { ports } = watchedPorts();
  const fqdn = 'change.example.test';
  await setRecords(zones(), { fqdn, addresses: ['192.0.2.20'], rdns: {} }, ports);
  await setRecords(
    zones(),
    { fqdn, addresses: ['192.0.2.21', '192.0.2.20'], rdns: { '192.0.2.20': 'old.test' } },
    ports,
  );
  expect(await server.zone(forward).records()).toMatchObject({ 'change.example.test A': ['192.0.2.21'] });
  expect(await server.zone(v4).records()).toMatchObject({
    [`20.${v4} PTR`]: ['old.test.'],
    [`21.${v4} PTR`]: ['change.example.test.'],
  });
});

test('a record that the server refuses fails alone and says why', async () => {
  const { ports } = watchedPorts();
  const addresses = ['192.0.2.30', '192.0.2.31', '192.0.2.32', '192.0.2.33', '192.0.2.34'];
  const rdns = { '192.0.2.32': 'not a host', '192.0.2.34': 'a..b' };
  const results = await setRecords(zones(), { fqdn: 'some.example.test', addresses, rdns }, ports);
  const failed = results.filter(({ ok }) => !ok);
  expect(failed.map(({ address, refused }) => [address, refused])).toEqual([
    ['192.0.2.32', true],
    ['192.0.2.34', true],
  ]);
  expect(failed[0]?.error).toMatch(/32\.2\.0\.192\.in-addr\.arpa.*HTTP 422/);
  expect(failed[0]?.leftovers).toEqual([]);
  const records = await server.zone(v4).records();
  for (const last of [30, 31, 33]) expect(records[`${last}.${v4} PTR`]).toEqual(['some.example.test.']);
  expect(records[`32.${v4} PTR`]).toBeUndefined();
});
