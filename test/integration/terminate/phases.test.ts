import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSite, type Site } from '../../support/site.ts';

describe.each(['mysql', 'sqlite'] as const)('terminate on %s', (database) => {
  let site: Site;
  beforeAll(async () => {
    site = await createSite({ database, zones: ['example.com', '2.0.192.in-addr.arpa'] });
  });
  afterAll(() => site.close());

  it('takes a running VM from terminate to remove in one tick, in the layout of the contract', async () => {
    await site.dns
      .zone('example.com')
      .put({ name: '2003-1776530141.example.com.', type: 'A', ttl: 300, records: [{ content: '192.0.2.10' }] });
    await site.dns.zone('2.0.192.in-addr.arpa').put({
      name: '10.2.0.192.in-addr.arpa.',
      type: 'PTR',
      ttl: 300,
      records: [{ content: '2003-1776530141.example.com.' }],
    });
    const row = await site.addVm({
      vm: { vmid: 2003, guest: { shutdownMs: 42_000 } },
      addresses: ['192.0.2.10'],
      row: { vm_net0_mac: 'BC:24:11:00:00:01', vm_rev_dns: '{}' },
      ...(database === 'mysql' ? { service: { id: 5546, userid: 7 } } : {}),
    });
    const { lines } = await site.tick();
    const label = row.service_id === null ? `vm:${row.id}` : 'sid:5546';
    expect(lines.map((line) => line.replace(/\d+\.\d+s/, 'Ns').replace(/~\d+s/, '~Ns'))).toEqual([
      `  ${label}  [terminate] starting`,
      `  ${label}    · remote status: running, vmid: 2003`,
      `  ${label}    · stop request sent`,
      `  ${label}    · still running, waited 15s / 120s, status: running`,
      `  ${label}    · still running, waited 30s / 120s, status: running`,
      `  ${label}    · stopped after ~Ns`,
      `  ${label}    · removing backups`,
      `  ${label}    · backups removed`,
      `  ${label}    · deleting DNS records`,
      `  ${label}    · fwd-del OK [powerdns] example.com ← 2003-1776530141.example.com`,
      `  ${label}    · rev-del OK [powerdns] 2.0.192.in-addr.arpa ← 192.0.2.10`,
      `  ${label}    · DELETE VM vmid=2003 node=pve1 purge=1`,
      `  ${label}    · VM deleted`,
      `  ${label}  [terminate] done (Ns) result=success`,
    ]);
    expect(site.proxmox.world.vms[2003]).toBeUndefined();
    expect(await site.row(row.id)).toMatchObject({
      vm_status: 'remove',
      node: null,
      vm_id: null,
      vm_name: null,
      vm_uuid: null,
      vm_net0_mac: null,
      vm_rev_dns: null,
      domain: null,
      claim_token: null,
    });
    const vmids = await site.db.knex('mod_vmctl_vmid_allocations').select('cluster', 'vmid', 'state');
    expect(vmids).toEqual([{ cluster: 'main', vmid: 2003, state: 'quarantined' }]);
    expect(await site.addresses()).toEqual({ '192.0.2.10': 'quarantined' });
    if (database === 'mysql') {
      expect(await site.activity()).toEqual([
        { description: 'Service terminated successfully - Service ID: 5546', userid: 7 },
      ]);
      expect(await site.service(5546)).toEqual({ dedicatedip: '', assignedips: '', domain: '' });
    }
  });
});
