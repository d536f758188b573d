import { afterAll, beforeAll, expect, it } from 'vitest';
import { createSite, type Site } from '../../support/site.ts';

let site: Site;
beforeAll(async () => {
  site = await createSite({ database: 'sqlite', whmcs: false });
});
afterAll(() => site.close());

it('a row that leaves its cluster to the settings quarantines its VMID and addresses under that cluster', async () => {
  const row = await site.addVm({
    vm: { vmid: 2003, running: false },
    row: { cluster: null },
    addresses: ['192.0.2.10'],
  });
  await site.tick();
  expect(await site.row(row.id)).toMatchObject({ vm_status: 'remove' });
  const held = { row_id: row.id, state: 'quarantined', released_at: expect.any(String) };
  expect(await site.db.knex('mod_vmctl_vmid_allocations')).toMatchObject([{ cluster: 'main', vmid: 2003, ...held }]);
  expect(await site.db.knex('mod_vmctl_ip_allocations')).toMatchObject([{ vm_cluster: 'main', vm_id: 2003, ...held }]);
});
