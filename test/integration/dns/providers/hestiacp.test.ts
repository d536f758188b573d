import { afterEach, describe, expect, test } from 'vitest';
import { removeRecords } from '../../../../src/dns/removal.ts';
import { setRecords } from '../../../../src/dns/upsert.ts';
import type { HestiacpOptions } from '../../../../src/simulator/hestiacp.ts';
import { type HestiacpLogin, startHestiacp, type TestHestiacp } from './hestiacp-server.ts';
import { dnsPorts } from './provider.ts';
import { describeProvider, forward, v4 } from './suite.ts';

describeProvider('HestiaCP with an access key', () => startHestiacp('accessKey'));
describeProvider('HestiaCP with a password', () => startHestiacp('password'));

let server: TestHestiacp;
afterEach(() => server?.stop());

async function start(options: Partial<HestiacpOptions> = {}, login: HestiacpLogin = 'accessKey') {
  server = await startHestiacp(login, options);
  return server.simulator;
}
const vm = { fqdn: `vm.${forward}`, addresses: ['192.0.2.1'], rdns: {} };
const apex = { record: '@', type: 'A', value: '198.51.100.1' };
const own = { record: 'vm', type: 'A', value: '192.0.2.1', ttl: '300' };
const set = (zone = server.zone(forward), subject = vm) => setRecords([zone], subject, dnsPorts());
const remove = (zone = server.zone(forward), subject = vm) => removeRecords([zone], subject, dnsPorts());
const open = (name = forward) => dnsPorts().open(server.zone(name));
const wanted = { name: vm.fqdn, type: 'A', ttl: 300, records: ['192.0.2.1'] } as const;

describe('what HestiaCP refuses', () => {
  test.each(['accessKey', 'password'] as const)(
    "a zone's last A, with %s: refused for good and not remembered",
    async (login) => {
      const simulator = await start({ zones: { [forward]: [own] } }, login);
      const [result] = await remove();
      expect(result).toMatchObject({ ok: false, refused: true, leftovers: [] });
      expect(result?.error).toMatch(/(at least one A record|last A or NS record).*HestiaCP code 2/);
      expect(simulator.zone(forward).lines).toHaveLength(1);
    },
  );

  test("a zone's last A can be changed, since it is never deleted first", async () => {
    const simulator = await start({ zones: { [forward]: [{ ...own, value: '203.0.113.1' }] } });
    expect(await set()).toMatchObject([{ ok: true, written: true }]);
    expect(simulator.zone(forward).records()).toEqual({ [`${vm.fqdn} A`]: ['192.0.2.1'] });
  });

  test('names with --, __ or / in them are refused without a request, and nothing has to be deleted there', async () => {
    const simulator = await start();
    for (const label of ['a--b', 'a__b', 'a/b']) {
      const subject = { ...vm, fqdn: `${label}.${forward}` };
      const [result] = await set(server.zone(forward), subject);
      expect(result).toMatchObject({ ok: false, refused: true });
      expect(result?.error).toMatch(/^HestiaCP takes no record name with (--|__|\/) in it/);
      expect((await remove(server.zone(forward), subject))[0]).toMatchObject({ ok: true, written: false });
    }
    expect(new Set(simulator.log.map(({ command }) => command))).toEqual(new Set(['v-list-dns-records']));
  });

  test('a zone with / in its name is an error without a request', async () => {
    const simulator = await start();
    const [result] = await remove(server.zone('0/25.2.0.192.in-addr.arpa'));
    expect(result).toMatchObject({ ok: false, refused: false });
    expect(result?.error).toMatch(/^HestiaCP has no zones with \//);
    expect(simulator.log).toEqual([]);
  });

  test('a name in punycode is set, read and deleted, though it is kept in Unicode', async () => {
    const simulator = await start();
    const subject = { ...vm, fqdn: `xn--bcher-kva.${forward}` };
    expect(await set(server.zone(forward), subject)).toMatchObject([{ ok: true, written: true }]);
    expect(simulator.zone(forward).records()).toHaveProperty([`bücher.${forward} A`]);
    expect(await set(server.zone(forward), subject)).toMatchObject([{ ok: true, written: false }]);
    expect(await remove(server.zone(forward), subject)).toMatchObject([{ ok: true, written: true }]);
    expect(simulator.zone(forward).records()).not.toHaveProperty([`bücher.${forward} A`]);
  });
});

describe('the restart of the DNS server', () => {
  const three = { ...vm, addresses: ['192.0.2.1', '192.0.2.2', '192.0.2.3'] };

  test('is asked for by the last write only', async () => {
    const simulator = await start();
    await set(server.zone(v4), three);
    const writes = simulator.log.filter(({ command }) => command === 'v-add-dns-record');
    expect(writes.map(({ args }) => args)).toEqual(
      ['no', 'no', 'yes'].map((restart, index) => [
        'admin',
        v4,
        `${index + 1}`,
        'PTR',
        `${vm.fqdn}.`,
        '',
        '',
        restart,
        '300',
      ]),
    );
    expect(simulator.restarts).toBe(1);
    await remove(server.zone(v4), three);
    expect(simulator.log.slice(-3).map(({ args }) => args[3])).toEqual(['no', 'no', 'yes']);
    expect(simulator.restarts).toBe(2);
  });

  test('is asked for by itself if the last write was refused', async () => {
    const simulator = await start();
    const results = await set(server.zone(v4), { ...three, rdns: { '192.0.2.3': 'not a host' } });
    expect(results.map(({ ok }) => ok)).toEqual([true, true, false]);
    expect(simulator.log.at(-1)).toMatchObject({ command: 'v-restart-dns', args: ['yes'], code: 0 });
    expect(simulator.restarts).toBe(1);
  });

  test('may fail: what was written is a success', async () => {
    const simulator = await start();
    simulator.setFault({ do: 'restart-fails' });
    expect(await set()).toMatchObject([{ ok: true, written: true }]);
    expect(simulator.zone(forward).records()).toHaveProperty([`${vm.fqdn} A`]);
  });

  test('needs no right of its own where nothing is refused', async () => {
    const allowed = ['v-list-dns-records', 'v-add-dns-record', 'v-change-dns-record', 'v-delete-dns-record'];
    const simulator = await start({ allowed });
    expect((await set(server.zone(v4), three)).every(({ ok }) => ok)).toBe(true);
    expect((await remove(server.zone(v4), three)).every(({ ok }) => ok)).toBe(true);
    expect(simulator.restarts).toBe(2);
  });
});

describe('records in HestiaCP', () => {
  test('that are there twice are deleted both', async () => {
    const simulator = await start({ zones: { [forward]: [apex, own, own, { ...own, value: '203.0.113.9' }] } });
    expect(await remove()).toMatchObject([{ ok: true, written: true }]);
    expect(simulator.zone(forward).records()).toMatchObject({ [`${vm.fqdn} A`]: ['203.0.113.9'] });
  });

  test('that are there twice are one after setting', async () => {
    const simulator = await start({ zones: { [forward]: [apex, own, own] } });
    expect(await set()).toMatchObject([{ ok: true, written: true }]);
    expect(simulator.zone(forward).records()).toMatchObject({ [`${vm.fqdn} A`]: ['192.0.2.1'] });
  });

  test('that share an id are left alone, since a change of one would hit the other', async () => {
    const foreign = { record: 'mail', type: 'A', value: '203.0.113.9', id: 7 };
    const simulator = await start({ zones: { [forward]: [apex, { ...own, id: 7 }, foreign] } });
    const [result] = await remove();
    expect(result).toMatchObject({ ok: false, refused: false, leftovers: [{ name: vm.fqdn }] });
    expect(result?.error).toMatch(/two records of the zone example.test have the id 7/);
    expect(simulator.zone(forward).lines).toHaveLength(3);
  });

  test('that are suspended are deleted, and are written again when they are set', async () => {
    const suspended = { ...own, suspended: true };
    const simulator = await start({ zones: { [forward]: [apex, suspended] } });
    expect(await set()).toMatchObject([{ ok: true, written: true }]);
    expect(simulator.zone(forward).lines).toMatchObject([{}, { suspended: false, ttl: '300' }]);
    simulator.zone(forward).add({ ...own, record: 'other', suspended: true });
    expect(await remove(server.zone(forward), { ...vm, fqdn: `other.${forward}` })).toMatchObject([{ written: true }]);
    expect(simulator.zone(forward).records()).not.toHaveProperty([`other.${forward} A`]);
  });

  test('are seen beside a TXT record whose backslash makes the listing no JSON', async () => {
    const txt = { record: 'mail._domainkey', type: 'TXT', value: '"v=DKIM1\\; k=rsa; n=\\"x\\""' };
    const simulator = await start({ zones: { [forward]: [apex, txt, own] } });
    expect(await remove()).toMatchObject([{ ok: true, written: true }]);
    expect(simulator.zone(forward).lines).toHaveLength(2);
  });

  test('none at all: an empty zone is no error', async () => {
    await start({ zones: { [forward]: [] } });
    expect(await remove()).toMatchObject([{ ok: true, written: false }]);
  });

  test("of the zone's own name and without a TTL of their own are read", async () => {
    await start({ zones: { [forward]: [apex] } });
    const sets = await (await open()).read([{ name: forward, type: 'A' }]);
    expect(sets).toEqual([{ name: forward, type: 'A', ttl: 14_400, records: ['198.51.100.1'] }]);
  });

  test('that somebody changed meanwhile: gone is as good as deleted, and a change of it adds it', async () => {
    const simulator = await start({
      zones: { [forward]: [apex, own, { ...own, record: 'old', value: '203.0.113.1' }] },
    });
    const provider = await open();
    const old = { name: `old.${forward}`, type: 'A', ttl: 300, records: ['192.0.2.2'] } as const;
    await provider.read([wanted, old]);
    const other = await open();
    await other.apply([
      { ...wanted, records: [] },
      { ...old, records: [] },
    ]);
    const results = await provider.apply([{ ...wanted, records: [] }, old]);
    expect(results.map(({ ok }) => ok)).toEqual([true, true]);
    expect(simulator.zone(forward).records()).toEqual({
      [`${forward} A`]: ['198.51.100.1'],
      [`${old.name} A`]: ['192.0.2.2'],
    });
  });

  test('that somebody made so meanwhile: no pending change is a success', async () => {
    const simulator = await start({ zones: { [forward]: [apex, { ...own, value: '203.0.113.1' }] } });
    const provider = await open();
    await provider.read([wanted]);
    await (await open()).apply([wanted]);
    expect(await provider.apply([wanted])).toMatchObject([{ ok: true }]);
    expect(simulator.log.map(({ code }) => code)).toContain(4);
  });

  test('that could not be added because the id was taken are no success', async () => {
    const simulator = await start();
    simulator.setFault({ do: 'code', code: 4, command: 'v-add-dns-record' });
    expect(await set()).toMatchObject([{ ok: false, refused: false }]);
  });
});

describe('a HestiaCP in trouble', () => {
  test('with a suspended zone: nothing can be set, but records are deleted', async () => {
    const simulator = await start({ zones: { [forward]: [apex, own] } });
    simulator.zone(forward).suspend(true);
    const [other] = await set(server.zone(forward), { ...vm, fqdn: `other.${forward}` });
    expect(other).toMatchObject({ ok: false, refused: false });
    expect(other?.error).toBe('dns example.test is suspended (HestiaCP code 5)');
    expect(await remove()).toMatchObject([{ ok: true, written: true }]);
  });

  test('with a package that is full says so', async () => {
    await start({ recordLimit: 2 });
    const [result] = await set();
    expect(result).toMatchObject({ ok: false, refused: false });
    expect(result?.error).toMatch(/DNS_RECORDS limit is reached.*HestiaCP code 8/);
  });

  test('under load is asked no more in this run, and remembered', async () => {
    const simulator = await start({ zones: { [forward]: [apex, own], [v4]: [apex] } });
    simulator.setFault({ do: 'code', code: 14, command: 'v-delete-dns-record' });
    const results = await removeRecords([server.zone(forward), server.zone(v4)], vm, dnsPorts());
    expect(results.map(({ ok, refused, leftovers }) => [ok, refused, leftovers.length])).toEqual([
      [false, false, 1],
      [false, false, 1],
    ]);
    expect(simulator.log.map(({ command }) => command)).toEqual(['v-list-dns-records', 'v-delete-dns-record']);
  });

  test.each(['accessKey', 'password'] as const)('that fails without a word is not believed, with %s', async (login) => {
    const simulator = await start({ zones: { [forward]: [apex, own] } }, login);
    simulator.setFault({ do: 'code', code: 12, command: 'v-delete-dns-record', silent: true });
    const [result] = await remove();
    expect(result).toMatchObject({ ok: false, refused: false, leftovers: [{ name: vm.fqdn }] });
    expect(result?.error).toBe('v-delete-dns-record: PARSING (HestiaCP code 12)');
  });

  test('that fails in the middle of a batch does no more of it, and says of each record what became of it', async () => {
    const simulator = await start();
    const three = { ...vm, addresses: ['192.0.2.1', '192.0.2.2', '192.0.2.3'] };
    await set(server.zone(v4), three);
    simulator.setFault({ do: 'code', code: 10, command: 'v-delete-dns-record' });
    const before = simulator.log.length;
    const results = await remove(server.zone(v4), three);
    expect(results.map(({ ok, leftovers }) => [ok, leftovers.length])).toEqual(results.map(() => [false, 1]));
    expect(simulator.log.slice(before).map(({ command }) => command)).toEqual([
      'v-list-dns-records',
      'v-delete-dns-record',
    ]);
  });

  test.each(['accessKey', 'password'] as const)('with the API switched off is named, with %s', async (login) => {
    const simulator = await start({}, login);
    simulator.setFault({ do: 'disabled' });
    const [result] = await remove();
    expect(result).toMatchObject({ ok: false, refused: false });
    expect(result?.error).toMatch(/API.*HestiaCP code 11/);
  });

  test('whose key may not do it says what it may not do', async () => {
    await start({ allowed: ['v-list-dns-records'] });
    const [result] = await set();
    expect(result).toMatchObject({ ok: false, refused: false });
    expect(result?.error).toMatch(/permission to run the command v-add-dns-record \(HestiaCP code 10\)/);
  });

  test('of an old release, which sends no codes, is understood by its texts', async () => {
    const simulator = await start({ zones: { [forward]: [own] } });
    simulator.setFault({ do: 'no-code' });
    expect(await remove()).toMatchObject([{ ok: false, refused: true }]);
    expect(await set(server.zone(forward), { ...vm, fqdn: `new.${forward}` })).toMatchObject([
      { ok: true, written: true },
    ]);
    expect(await remove()).toMatchObject([{ ok: true, written: true }]);
    expect((await remove(server.zone('absent.test'), { ...vm, fqdn: 'vm.absent.test' }))[0]?.error).toMatch(/code 3/);
  });
});

test('many VMs at once never write at the same time on one host, so that no id is given twice', async () => {
  const simulator = await start({ workMs: 5 });
  const ports = dnsPorts();
  const vms = Array.from({ length: 6 }, (_, index) => {
    return { fqdn: `n${index}.${forward}`, addresses: [`192.0.2.${index + 1}`], rdns: {} };
  });
  const zones = [server.zone(forward), { ...server.zone(forward), url: `${server.url}/` }];
  const results = await Promise.all(vms.map((each) => setRecords(zones, each, ports)));
  expect(results.flat().every(({ ok }) => ok)).toBe(true);
  const ids = simulator.zone(forward).lines.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids).toHaveLength(8);
});
