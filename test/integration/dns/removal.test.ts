import { afterAll, beforeAll, expect, test } from 'vitest';
import { removeRecords } from '../../../src/dns/removal.ts';
import { setRecords } from '../../../src/dns/upsert.ts';
import { startPowerdns, type TestPowerdns } from '../../support/powerdns.ts';
import { line, watchedPorts, zoneOn } from './fixtures.ts';

const forward = 'example.test';
const v4 = '2.0.192.in-addr.arpa';
const classless = '0/25.3.0.192.in-addr.arpa';
const dashed = '128-255.3.0.192.in-addr.arpa';
const v6 = '8.b.d.0.1.0.0.2.ip6.arpa';
const names = [forward, v4, classless, dashed, v6];
const nibbles = '0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0';

let first: TestPowerdns;
let second: TestPowerdns;
beforeAll(async () => {
  [first, second] = await Promise.all([startPowerdns({ zones: names }), startPowerdns({ zones: names })]);
});
afterAll(() => Promise.all([first?.stop(), second?.stop()]));

test('all records of a VM are deleted, and the lines come forward first, then reverse', async () => {
  const zones = [v4, classless, dashed, v6, forward].map((zone) => zoneOn(first, zone));
  const addresses = ['192.0.2.10', '192.0.3.11', '192.0.3.211', '2001:DB8:0::7'];
  const vm = { fqdn: 'VM1.Example.test.', addresses, rdns: { '192.0.3.11': 'Mail.Example.test.' } };
  const { ports } = watchedPorts();
  await setRecords(zones, vm, ports);
  expect(await first.zone(forward).records()).toEqual({
    'vm1.example.test A': ['192.0.2.10'],
    'vm1.example.test AAAA': ['2001:db8::7'],
  });
  expect(await first.zone(classless).records()).toEqual({ [`11.${classless} PTR`]: ['mail.example.test.'] });
  expect(await first.zone(v6).records()).toEqual({ [`7.${nibbles}.${v6} PTR`]: ['vm1.example.test.'] });
  expect(await first.dig(`7.${nibbles}.${v6}`, 'PTR')).toContain('vm1.example.test.');

  const seen: string[] = [];
  const results = await removeRecords(zones, vm, ports, { onResult: (result) => seen.push(line(result)) });
  expect(seen).toEqual([
    'fwd-del OK example.test ← vm1.example.test',
    `rev-del OK ${v4} ← 192.0.2.10`,
    `rev-del OK ${classless} ← 192.0.3.11`,
    `rev-del OK ${dashed} ← 192.0.3.211`,
    `rev-del OK ${v6} ← 2001:db8::7`,
  ]);
  expect(results.map(line)).toEqual(seen);
  for (const zone of names) expect(await first.zone(zone).records()).toEqual({});
});

test('what is absent already is a success, and nothing is written', async () => {
  const before = await first.zone(v4).serial();
  const vm = { fqdn: 'gone.example.test', addresses: ['192.0.2.77'], rdns: {} };
  const zones = [forward, v4].map((zone) => zoneOn(first, zone));
  const { ports, sent } = watchedPorts();
  const results = await removeRecords(zones, vm, ports);
  expect(results.map(({ ok, written }) => [ok, written])).toEqual([
    [true, false],
    [true, false],
  ]);
  expect(sent.every((request) => request.startsWith('GET '))).toBe(true);
  expect(await first.zone(v4).serial()).toBe(before);
});

test('an A record that points elsewhere stays, alone or beside ours', async () => {
  const zone = first.zone(forward);
  const foreign = { content: '203.0.113.9' };
  await zone.put(
    { name: 'moved.example.test.', type: 'A', ttl: 60, records: [foreign] },
    {
      name: 'shared.example.test.',
      type: 'A',
      ttl: 60,
      records: [foreign, { content: '192.0.2.20' }],
    },
    { name: 'shared.example.test.', type: 'TXT', ttl: 60, records: [{ content: '"kept"' }] },
  );
  const zones = [zoneOn(first, forward)];
  const { ports } = watchedPorts();
  for (const fqdn of ['moved.example.test', 'shared.example.test']) {
    await removeRecords(zones, { fqdn, addresses: ['192.0.2.20'], rdns: {} }, ports);
  }
  expect(await zone.records()).toEqual({
    'moved.example.test A': ['203.0.113.9'],
    'shared.example.test A': ['203.0.113.9'],
    'shared.example.test TXT': ['"kept"'],
  });
});

test('the PTR of an address of the VM goes whatever it points at', async () => {
  await first.zone(v4).put({
    name: `30.${v4}.`,
    type: 'PTR',
    ttl: 60,
    records: [{ content: 'somebody.else.test.' }],
  });
  await removeRecords([zoneOn(first, v4)], { addresses: ['192.0.2.30'], rdns: {} }, watchedPorts().ports);
  expect(await first.zone(v4).records()).toEqual({});
});

test('several zones with one name, on two servers, all lose the record', async () => {
  const zones = [first, second].flatMap((server) => [zoneOn(server, forward), zoneOn(server, v4)]);
  const vm = { fqdn: 'twice.example.test', addresses: ['192.0.2.40'], rdns: {} };
  const { ports } = watchedPorts();
  await setRecords(zones, vm, ports);
  for (const server of [first, second]) {
    expect(await server.zone(v4).records()).toEqual({ [`40.${v4} PTR`]: ['twice.example.test.'] });
  }
  const results = await removeRecords(zones, vm, ports);
  expect(results.map(({ kind, ok, written }) => [kind, ok, written])).toEqual([
    ['fwd', true, true],
    ['fwd', true, true],
    ['rev', true, true],
    ['rev', true, true],
  ]);
  for (const server of [first, second]) {
    expect(await server.zone(forward).records()).not.toHaveProperty('twice.example.test A');
    expect(await server.zone(v4).records()).toEqual({});
  }
});

test('600 records are one look and one change a zone', async () => {
  const addresses = Array.from({ length: 250 }, (_, index) => `192.0.2.${index + 1}`);
  addresses.push(...Array.from({ length: 350 }, (_, index) => `2001:db8::${(index + 1).toString(16)}`));
  const vm = { fqdn: 'big.example.test', addresses, rdns: {} };
  const zones = [v4, v6].map((zone) => zoneOn(first, zone));
  const before = await first.zone(v6).serial();
  const { ports, sent } = watchedPorts();
  await setRecords(zones, vm, ports);
  expect(Object.keys(await first.zone(v6).records())).toHaveLength(350);
  const results = await removeRecords(zones, vm, ports);
  expect(results.filter(({ ok, written }) => ok && written)).toHaveLength(600);
  expect(sent.map((request) => request.replace(first.url, ''))).toEqual(
    [0, 1].flatMap(() => [v4, v6].flatMap((zone) => [`GET  ${zone}.`, `PATCH  ${zone}.`])),
  );
  expect(await first.zone(v6).serial()).toBe(before + 2);
  expect(await first.zone(v4).records()).toEqual({});
});

test('many VMs at once on two servers: one request at a time on each, and every record goes', async () => {
  const zones = [first, second].flatMap((server) => [zoneOn(server, forward), zoneOn(server, v4)]);
  const vms = Array.from({ length: 20 }, (_, index) => {
    return { fqdn: `n${index}.example.test`, addresses: [`192.0.2.${100 + index}`], rdns: {} };
  });
  const { ports, inFlight } = watchedPorts();
  const setting = await Promise.all(vms.map((vm) => setRecords(zones, vm, ports)));
  expect(setting.flat().every(({ ok, written }) => ok && written)).toBe(true);
  const removing = await Promise.all(vms.map((vm) => removeRecords(zones, vm, ports)));
  expect(removing.flat().every(({ ok, written }) => ok && written)).toBe(true);
  expect(inFlight()).toBe(2);
  expect(await second.zone(v4).records()).toEqual({});
});
