import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { VmRow } from '../../../src/records/vm-row.ts';
import { startHttpGate } from '../../support/http-gate.ts';
import { startPowerdns, type TestPowerdns } from '../../support/powerdns.ts';
import { createSite, type Site } from '../../support/site.ts';
import { exists, pause, quick, run, vmidsFrom } from './runs.ts';

const nextVmid = vmidsFrom(2700);
const forward = 'example.com';
const reverse = '2.0.192.in-addr.arpa';
const reverse6 = '8.b.d.0.1.0.0.2.ip6.arpa';
const classless = '0/26.113.0.203.in-addr.arpa';
const name6 = `6.${'0.'.repeat(23)}${reverse6}`;

/** The seed: "DNS errors never block termination", and what DNS phase does. */
describe.each(['mysql', 'sqlite'] as const)('Delete DNS on %s', (database) => {
  let site: Site;
  let second: TestPowerdns;
  beforeAll(async () => {
    site = await createSite({ ...quick, database, zones: [forward, reverse, reverse6, classless] });
    second = await startPowerdns({ zones: [forward] });
  });
  afterAll(async () => {
    await site.close();
    await second.stop();
  });

  const set = (name: string, type: string, ...contents: string[]) => ({
    name: `${name}.`,
    type,
    ttl: 300,
    records: contents.map((content) => ({ content })),
  });
  /** The site's configuration with other DNS zones. */
  function withZones(file: string, change: (yaml: string) => string): Record<string, string> {
    const path = join(site.folder, file);
    writeFileSync(path, change(readFileSync(site.config, 'utf8')));
    return { VMCTL_CONFIG: path };
  }
  async function cron(row: VmRow, env: Record<string, string>): Promise<string> {
    const { stdout } = await site.vmctl(['cron', '--verbose', '--only', String(row.id)], env);
    return stdout;
  }
  async function runDuties(): Promise<readonly string[]> {
    const now = site.db.clock.sql();
    await site.db
      .knex('mod_vmctl_duties')
      .insert({ name: 'dns_leftovers', next_run_at: now })
      .onConflict('name')
      .merge();
    await site.db.knex('mod_vmctl_dns_deletions').update({ next_attempt_at: now });
    return (await site.tick()).lines;
  }

  it('removes A, AAAA and the PTR of every address, IPv6 and RFC 2317 too', async () => {
    const vmid = nextVmid();
    const fqdn = `${vmid}-1776530141.${forward}`;
    await site.dns.zone(forward).put(set(fqdn, 'A', '192.0.2.6'), set(fqdn, 'AAAA', '2001:db8::6'));
    await site.dns.zone(reverse).put(set(`6.${reverse}`, 'PTR', `${fqdn}.`));
    await site.dns.zone(reverse6).put(set(name6, 'PTR', `${fqdn}.`));
    await site.dns.zone(classless).put(set(`6.${classless}`, 'PTR', 'mail.customer.test.'));
    const addresses = ['192.0.2.6', '2001:db8::6', '203.0.113.6'];
    const { said, row } = await run(site, await site.addVm({ vm: { vmid, running: false }, addresses }));
    expect(said.filter((line) => line.includes('-del'))).toEqual([
      `fwd-del OK [powerdns] ${forward} ← ${fqdn}`,
      `rev-del OK [powerdns] ${reverse} ← 192.0.2.6`,
      `rev-del OK [powerdns] ${reverse6} ← 2001:db8::6`,
      `rev-del OK [powerdns] ${classless} ← 203.0.113.6`,
    ]);
    for (const zone of [forward, reverse, reverse6, classless]) expect(await site.dns.zone(zone).records()).toEqual({});
    expect(row.vm_status).toBe('remove');
  });

  it('leaves a record that points elsewhere by now', async () => {
    const vmid = nextVmid();
    const fqdn = `${vmid}-1776530141.${forward}`;
    await site.dns.zone(forward).put(set(fqdn, 'A', '192.0.2.200'), set(fqdn, 'AAAA', '2001:db8::7', '2001:db8::99'));
    const addresses = ['192.0.2.7', '2001:db8::7'];
    const { row } = await run(site, await site.addVm({ vm: { vmid, running: false }, addresses }));
    expect(row.vm_status).toBe('remove');
    expect(await site.dns.zone(forward).records()).toEqual({
      [`${fqdn} A`]: ['192.0.2.200'],
      [`${fqdn} AAAA`]: ['2001:db8::99'],
    });
    await site.dns.zone(forward).put(set(fqdn, 'A'), set(fqdn, 'AAAA'));
  });

  it('goes through every zone of one name', async () => {
    const vmid = nextVmid();
    const fqdn = `${vmid}-1776530141.${forward}`;
    await site.dns.zone(forward).put(set(fqdn, 'A', '192.0.2.8'));
    await second.zone(forward).put(set(fqdn, 'A', '192.0.2.8'));
    const row = await site.addVm({ vm: { vmid, running: false }, addresses: ['192.0.2.8'] });
    const more = `  zones:\n    - { zone: ${forward}, provider: powerdns, url: '${second.url}', apiKey: '${second.apiKey}', server: localhost }`;
    const stdout = await cron(
      row,
      withZones('two.yaml', (yaml) => yaml.replace('  zones:', more)),
    );
    expect(stdout.match(/fwd-del OK/g)).toHaveLength(2);
    expect([await site.dns.zone(forward).records(), await second.zone(forward).records()]).toEqual([{}, {}]);
  });

  it.each([
    ['that is down', (yaml: string, url: string) => yaml.replaceAll(url, 'http://127.0.0.1:1')],
    ['with a wrong key', (yaml: string) => yaml.replaceAll(/apiKey: '[^']*'/g, "apiKey: 'wrong-key'")],
  ])('a provider %s does not block; its records go when it is back', async (_, breakIt) => {
    const vmid = nextVmid();
    const fqdn = `${vmid}-1776530141.${forward}`;
    await site.dns.zone(forward).put(set(fqdn, 'A', '192.0.2.9'));
    await site.dns.zone(reverse).put(set(`9.${reverse}`, 'PTR', `${fqdn}.`));
    const row = await site.addVm({ vm: { vmid, running: false }, addresses: ['192.0.2.9'] });
    const env = withZones('broken.yaml', (yaml) => breakIt(yaml, site.dns.url));
    const stdout = await cron(row, env);
    expect(stdout).toContain(`fwd-del ERR [powerdns] ${forward} ← ${fqdn}: `);
    expect(stdout).toContain(`rev-del ERR [powerdns] ${reverse} ← 192.0.2.9: `);
    expect(stdout).toContain('result=success');
    expect(stdout).not.toContain(site.dns.apiKey);
    expect(await site.row(row.id)).toMatchObject({ vm_status: 'remove' });
    expect(exists(site, vmid)).toBe(false);
    expect(await site.dns.zone(forward).records()).not.toEqual({});
    const lines = await runDuties();
    expect(lines).toContain(`  vm:${row.id}    · fwd-del OK [powerdns] ${forward} ← ${fqdn}`);
    expect(await site.dns.zone(forward).records()).toEqual({});
    expect(await site.dns.zone(reverse).records()).toEqual({});
    await site.db.knex('mod_vmctl_ip_allocations').where({ row_id: row.id }).delete();
  });

  it('a slow provider of one VM does not hold up another VM', async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const gate = await startHttpGate(site.dns.url, async ({ path }) => {
      if (path.includes(reverse)) await held;
      return undefined;
    });
    const env = withZones('slow.yaml', (yaml) =>
      yaml.replace(`zone: ${reverse}, provider: powerdns, url: '${site.dns.url}'`, (zone) =>
        zone.replace(site.dns.url, gate.url),
      ),
    );
    const slow = await site.addVm({ vm: { vmid: nextVmid(), running: false }, addresses: ['192.0.2.11'] });
    const other = await site.addVm({ vm: { vmid: nextVmid(), running: false } });
    const tick = site.vmctl(['cron'], env);
    while ((await site.row(other.id)).vm_status !== 'remove') await pause(1_000);
    expect((await site.row(slow.id)).vm_status).toBe('terminate');
    release();
    expect((await tick).code).toBe(0);
    expect((await site.row(slow.id)).vm_status).toBe('remove');
    await gate.close();
  });
});
