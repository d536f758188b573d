import { afterAll, beforeAll, expect, test } from 'vitest';
import { createSite, type Site } from '../../support/site.ts';

const reverse = '2.0.192.in-addr.arpa';
let site: Site;
beforeAll(async () => {
  site = await createSite({ database: 'sqlite', zones: ['example.com', reverse] });
});
afterAll(() => site.close());

const deletions = () => site.db.knex('mod_vmctl_dns_deletions').orderBy('id');

async function dropZone(name: string): Promise<void> {
  const url = `${site.dns.url}/api/v1/servers/localhost/zones/${name}.`;
  const { status } = await fetch(url, { method: 'DELETE', headers: { 'X-API-Key': site.dns.apiKey } });
  expect(status).toBe(204);
}

/** A tick in which the duty and what it has put off are due. */
async function tickWithDuty(): Promise<readonly string[]> {
  const now = site.db.clock.sql();
  await site.db.knex('mod_vmctl_duties').update({ next_run_at: now });
  await site.db.knex('mod_vmctl_dns_deletions').update({ next_attempt_at: now });
  return (await site.tick()).lines;
}

test('records in a zone that is missing on its server are remembered, and deleted once somebody has mended that', async () => {
  await dropZone('example.com');
  const vm = { vmid: 2003, running: false };
  const row = await site.addVm({ vm, addresses: ['192.0.2.10'] });
  const { lines } = await site.tick();
  const reason = `no zone example.com on server localhost at ${site.dns.url}`;
  const name = '2003-1776530141.example.com';
  expect(lines).toContain(`  vm:${row.id}    · fwd-del ERR [powerdns] example.com ← ${name}: ${reason}`);
  expect(await site.row(row.id)).toMatchObject({ vm_status: 'remove' });
  expect(await deletions()).toMatchObject([{ row_id: row.id, name, type: 'A', attempts: 0 }]);

  await tickWithDuty();
  expect(await deletions()).toMatchObject([{ row_id: row.id, name, attempts: 1, last_error: reason }]);

  await site.dns.addZone('example.com');
  await site.dns
    .zone('example.com')
    .put({ name: `${name}.`, type: 'A', ttl: 300, records: [{ content: '192.0.2.10' }] });
  expect(await tickWithDuty()).toEqual([`  vm:${row.id}    · fwd-del OK [powerdns] example.com ← ${name}`]);
  expect(await deletions()).toEqual([]);
  expect(await site.dns.zone('example.com').records()).toEqual({});
});

test('a remembered deletion that can never be done is told once and forgotten', async () => {
  const now = site.db.clock.sql();
  const entry = { provider: 'powerdns', zone: 'old.test', name: 'vm1.old.test', type: 'A', content: '["192.0.2.1"]' };
  const times = { next_attempt_at: now, created_at: now };
  await site.db.knex('mod_vmctl_dns_deletions').insert({ ...entry, row_id: 9, service_id: 5546, ...times });
  const reason = 'no zone old.test of provider powerdns in the configuration any more';
  expect(await tickWithDuty()).toEqual([`  sid:5546    · fwd-del ERR [powerdns] old.test ← vm1.old.test: ${reason}`]);
  expect(await deletions()).toEqual([]);
  expect(await tickWithDuty()).toEqual([]);
});
