import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { registerSecret } from '../../../../src/base/redact.ts';
import { retryDeletion } from '../../../../src/dns/deletion.ts';
import { removeRecords } from '../../../../src/dns/removal.ts';
import { setRecords } from '../../../../src/dns/upsert.ts';
import { behindGate, dnsPorts, type GatedProvider, type TestProvider } from './provider.ts';

export const forward = 'example.test';
export const v4 = '2.0.192.in-addr.arpa';
const v6 = '8.b.d.0.1.0.0.2.ip6.arpa';
export const zoneNames = [forward, v4, v6];
const nibbles = '0.'.repeat(22);
const html = '<html><head><title>Welcome</title></head><body>key=page-secret-1234</body></html>';

/** What every provider promises. `start` gives a server with the three zones above, empty but for what it insists on. */
export function describeProvider(title: string, start: () => Promise<TestProvider>): void {
  describe(title, () => {
    let gated: GatedProvider;
    let server: TestProvider;
    beforeAll(async () => {
      server = await start();
      gated = await behindGate(server);
    });
    afterEach(() => gated.answer());
    afterAll(() => gated?.stop());
    const zones = () => zoneNames.map(gated.zone);

    describe('setting records', () => {
      const fqdn = `set.${forward}`;
      const addresses = ['192.0.2.1', '192.0.2.2', '2001:db8::11'];

      test('writes one A, one AAAA and a PTR for every address', async () => {
        const vm = { fqdn: 'SET.Example.test.', addresses, rdns: { '192.0.2.2': 'Mail.Example.test.' } };
        const results = await setRecords(zones(), vm, dnsPorts());
        expect(results.map(({ ok, written, error }) => [ok, written, error])).toEqual(
          results.map(() => [true, true, undefined]),
        );
        expect(await server.records(forward)).toEqual({
          [`${fqdn} A`]: ['192.0.2.1'],
          [`${fqdn} AAAA`]: ['2001:db8::11'],
        });
        expect(await server.records(v4)).toEqual({
          [`1.${v4} PTR`]: [fqdn],
          [`2.${v4} PTR`]: [`mail.${forward}`],
        });
        expect(await server.records(v6)).toEqual({ [`1.1.${nibbles}${v6} PTR`]: [fqdn] });
      });

      test('writes nothing a second time, whatever the spelling', async () => {
        const before = await server.writes();
        const vm = { fqdn, addresses: ['192.0.2.1', '192.0.2.2', '2001:DB8:0::11'] };
        const rdns = { '192.0.2.2': `mail.${forward}` };
        const results = await setRecords(zones(), { ...vm, rdns }, dnsPorts());
        expect(results.every(({ ok, written }) => ok && !written)).toBe(true);
        expect(await server.writes()).toBe(before);
      });

      test('replaces what was there, also several records, and leaves other types alone', async () => {
        const name = `old.${forward}`;
        await server.put(forward, name, 'A', '192.0.2.3', '203.0.113.1', '203.0.113.2');
        await server.put(forward, name, 'TXT', '"kept"');
        await setRecords(zones(), { fqdn: name, addresses: ['192.0.2.4'], rdns: {} }, dnsPorts());
        const ttl = zones().map((zone) => ({ ...zone, ttl: 600 }));
        const [again] = await setRecords(ttl, { fqdn: name, addresses: ['192.0.2.4'], rdns: {} }, dnsPorts());
        expect(again).toMatchObject({ ok: true, written: true });
        expect(await server.records(forward)).toMatchObject({
          [`${name} A`]: ['192.0.2.4'],
          [`${name} TXT`]: ['"kept"'],
        });
        const key = { name, type: 'A' } as const;
        const read = await (await dnsPorts().open(gated.zone(forward))).read([key]);
        expect(read).toEqual([{ ...key, ttl: 600, records: ['192.0.2.4'] }]);
      });

      test('fails for a record that the server refuses, and writes the others', async () => {
        const some = ['192.0.2.5', '192.0.2.6', '192.0.2.7'];
        const vm = { fqdn: `some.${forward}`, addresses: some, rdns: { '192.0.2.6': 'not a host' } };
        const results = await setRecords([gated.zone(v4)], vm, dnsPorts());
        expect(results.map(({ ok, refused }) => [ok, refused])).toEqual([
          [true, undefined],
          [false, true],
          [true, undefined],
        ]);
        const records = await server.records(v4);
        expect(records).toMatchObject({ [`5.${v4} PTR`]: [vm.fqdn], [`7.${v4} PTR`]: [vm.fqdn] });
        expect(records).not.toHaveProperty([`6.${v4} PTR`]);
      });
    });

    describe('reading', () => {
      test('gives the asked sets that exist, and nothing else', async () => {
        await server.put(forward, `read.${forward}`, 'A', '192.0.2.20');
        await server.put(forward, `read.${forward}`, 'AAAA', '2001:db8::20');
        await server.put(forward, `other.${forward}`, 'A', '192.0.2.21');
        const provider = await dnsPorts().open(gated.zone(forward));
        const sets = await provider.read([
          { name: `read.${forward}`, type: 'AAAA' },
          { name: `absent.${forward}`, type: 'A' },
        ]);
        expect(sets).toEqual([{ name: `read.${forward}`, type: 'AAAA', ttl: 300, records: ['2001:db8::20'] }]);
      });

      test('is not needed before a change', async () => {
        const name = `direct.${forward}`;
        await server.put(forward, name, 'A', '192.0.2.22', '192.0.2.23');
        const change = { name, type: 'A', ttl: 300, records: ['192.0.2.23'] } as const;
        const results = await (await dnsPorts().open(gated.zone(forward))).apply([change]);
        expect(results).toEqual([{ name, type: 'A', ok: true }]);
        expect(await server.records(forward)).toMatchObject({ [`${name} A`]: ['192.0.2.23'] });
      });
    });

    describe('deleting records', () => {
      test('removes them all; a second time they are absent, which is a success without a write', async () => {
        const vm = { fqdn: `del.${forward}`, addresses: ['192.0.2.30', '2001:db8::30'], rdns: {} };
        await setRecords(zones(), vm, dnsPorts());
        const first = await removeRecords(zones(), { ...vm, fqdn: 'DEL.Example.TEST.' }, dnsPorts());
        expect(first.map(({ kind, ok, written }) => [kind, ok, written])).toEqual([
          ['fwd', true, true],
          ['rev', true, true],
          ['rev', true, true],
        ]);
        for (const zone of zoneNames) expect(JSON.stringify(await server.records(zone))).not.toContain('del.example');
        const before = await server.writes();
        const second = await removeRecords(zones(), vm, dnsPorts());
        expect(second.every(({ ok, written }) => ok && !written)).toBe(true);
        expect(await server.writes()).toBe(before);
      });

      test('keeps an A that points elsewhere, alone or beside ours', async () => {
        await server.put(forward, `moved.${forward}`, 'A', '203.0.113.9');
        await server.put(forward, `shared.${forward}`, 'A', '203.0.113.9', '192.0.2.31', '203.0.113.10');
        await server.put(forward, `shared.${forward}`, 'TXT', '"kept"');
        for (const name of ['moved', 'shared']) {
          const vm = { fqdn: `${name}.${forward}`, addresses: ['192.0.2.31'], rdns: {} };
          const [result] = await removeRecords([gated.zone(forward)], vm, dnsPorts());
          expect(result?.ok).toBe(true);
        }
        expect(await server.records(forward)).toMatchObject({
          [`moved.${forward} A`]: ['203.0.113.9'],
          [`shared.${forward} A`]: ['203.0.113.10', '203.0.113.9'],
          [`shared.${forward} TXT`]: ['"kept"'],
        });
        const key = { name: `shared.${forward}`, type: 'A' } as const;
        const [set] = await (await dnsPorts().open(gated.zone(forward))).read([key]);
        expect(set?.ttl).toBe(300);
      });

      test('takes the PTR of an address whatever it points at', async () => {
        await server.put(v4, `32.${v4}`, 'PTR', 'somebody.else.test');
        await removeRecords([gated.zone(v4)], { addresses: ['192.0.2.32'], rdns: {} }, dnsPorts());
        expect(await server.records(v4)).not.toHaveProperty([`32.${v4} PTR`]);
      });

      test('that are many takes few looks, and all of them go', async () => {
        const addresses = Array.from({ length: 40 }, (_, index) => `192.0.2.${index + 100}`);
        const vm = { fqdn: `big.${forward}`, addresses, rdns: {} };
        const set = await setRecords([gated.zone(v4)], vm, dnsPorts());
        expect(set.filter(({ ok, written }) => ok && written)).toHaveLength(40);
        const removed = await removeRecords([gated.zone(v4)], vm, dnsPorts());
        expect(removed.filter(({ ok, written }) => ok && written)).toHaveLength(40);
        expect(JSON.stringify(await server.records(v4))).not.toContain('big.example');
        const before = gated.requests();
        await removeRecords([gated.zone(v4)], vm, dnsPorts());
        expect(gated.requests() - before).toBe(1);
      });
    });

    describe('a provider that fails', () => {
      const fqdn = `fail.${forward}`;
      const vm = { fqdn, addresses: ['192.0.2.40'], rdns: {} };
      const remembered = [{ name: fqdn, type: 'A', content: ['192.0.2.40'] }];
      const remove = (zone = gated.zone(forward), ports = dnsPorts()) => removeRecords([zone], vm, ports);
      beforeAll(() => server.put(forward, fqdn, 'A', '192.0.2.40'));

      test.each([
        { how: 'is down', verdict: 'cut', error: /^no answer from http/ },
        { how: 'is slow', verdict: 'hang', error: /^no answer from http.*Timeout/ },
        { how: 'answers HTML for 502', verdict: { status: 502, body: html }, error: /HTTP 502/ },
        { how: 'answers HTML for 200', verdict: { status: 200, body: html }, error: /does not answer like/ },
        {
          how: 'answers HTML for 404',
          verdict: { status: 404, body: html },
          error: /^(no zone|.*does not answer like)/,
        },
      ] as const)('and $how keeps its records for another time, and shows nothing of the page', async (outcome) => {
        gated.answer(() => outcome.verdict);
        const [result] = await remove(gated.zone(forward), dnsPorts({ connect: 2_000, response: 200 }));
        expect(result).toMatchObject({ ok: false, refused: false, leftovers: remembered });
        expect(result?.error).toMatch(outcome.error);
        expect(result?.error).not.toMatch(/<|page-secret/);
      });

      test('says 200 for what it did not do, and is not believed', async () => {
        gated.answer((request) => (request === 1 ? undefined : { status: 200, body: server.failure }));
        const [result] = await remove();
        expect(result).toMatchObject({ ok: false, refused: false, leftovers: remembered });
        expect(result?.error).toMatch(server.says.failure);
        gated.answer((request) => (request === 1 ? undefined : { status: 200, body: html }));
        expect((await remove())[0]).toMatchObject({ ok: false, refused: false, leftovers: remembered });
      });

      test('does not know the key: said without showing it, and remembered', async () => {
        registerSecret('wrong-key-5678');
        const [result] = await remove(server.wrongKey(gated.zone(forward)));
        expect(result).toMatchObject({ ok: false, refused: false, leftovers: remembered });
        expect(result?.error).toMatch(server.says.wrongKey);
        expect(result?.error).not.toContain('wrong-key-5678');
      });

      test('has no such zone: that zone fails alone, and is remembered', async () => {
        const other = { fqdn: 'vm.absent.test', addresses: ['192.0.2.41'], rdns: {} };
        await server.put(v4, `41.${v4}`, 'PTR', other.fqdn);
        const [missing, found] = await removeRecords([gated.zone('absent.test'), gated.zone(v4)], other, dnsPorts());
        expect(missing).toMatchObject({ ok: false, refused: false, leftovers: [{ name: other.fqdn, type: 'A' }] });
        expect(missing?.error).toMatch(server.says.noZone);
        expect(found).toMatchObject({ ok: true, written: true });
      });

      test('is asked no more by those that come after, and its records go once it is back', async () => {
        gated.answer(() => 'cut');
        const ports = dnsPorts();
        const before = gated.requests();
        const failed = await remove(gated.zone(forward), ports);
        await remove(gated.zone(forward), ports);
        expect(gated.requests() - before).toBe(1);
        gated.answer();
        const entries = failed.flatMap(({ leftovers }) => leftovers);
        await server.put(forward, `beside.${forward}`, 'A', '192.0.2.40');
        const retried = await retryDeletion(entries, [gated.zone(forward)], dnsPorts());
        expect(retried).toEqual(entries.map((entry) => ({ entry, ok: true, final: true })));
        const records = await server.records(forward);
        expect(records).not.toHaveProperty([`${fqdn} A`]);
        expect(records).toHaveProperty([`beside.${forward} A`]);
      });
    });
  });
}
