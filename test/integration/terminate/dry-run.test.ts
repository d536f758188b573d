import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSite, type Site } from '../../support/site.ts';

describe.each(['mysql', 'sqlite'] as const)('cron --dry-run on %s', (database) => {
  let site: Site;
  beforeAll(async () => {
    const env = { PROXMOX_TEMPLATE_ID: '2009' };
    site = await createSite({ database, zones: ['example.com', '2.0.192.in-addr.arpa'], env });
  });
  afterAll(() => site.close());

  const tables = ['mod_vmctl_ticks', 'mod_vmctl_ip_allocations', 'mod_vmctl_log_runs', 'mod_vmctl_duties'];
  async function everything(): Promise<unknown[]> {
    return Promise.all([site.db.vmTable, ...tables].map((table) => site.db.knex(table)));
  }

  it('says what each due row would do, and sends and writes nothing', async () => {
    const service = database === 'mysql' ? { service: { id: 77, userid: 7 } } : {};
    const row = await site.addVm({ vm: { vmid: 2003 }, addresses: ['192.0.2.10'], ...service });
    await site.addVm({ vm: { vmid: 2004, protection: true } });
    await site.addVm({ vm: { vmid: 2009 } });
    site.proxmox.addBackup({ vmid: 2003, at: Date.now() - 86_400_000 });
    const before = await everything();
    const { code, stdout, stderr } = await site.vmctl(['cron', '--dry-run']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const label = row.service_id === null ? `vm:${row.id}` : 'sid:77';
    const lines = stdout.split('\n').map((line) => line.slice(20));
    const ours = lines.filter((line) => line.startsWith(`  ${label} `));
    expect(ours).toEqual([
      `  ${label}  [terminate] would do`,
      `  ${label}    · Stop VM: POST /nodes/pve1/qemu/2003/status/shutdown timeout=120 forceStop=1`,
      expect.stringMatching(
        /· Remove backups: DELETE \/nodes\/pve1\/storage\/local\/content\/local:backup\/vzdump-qemu-2003-/,
      ),
      `  ${label}    · Delete DNS: delete A 2003-1776530141.example.com [powerdns] example.com, if it is there`,
      `  ${label}    · Delete DNS: delete PTR 10.2.0.192.in-addr.arpa [powerdns] 2.0.192.in-addr.arpa, if it is there`,
      `  ${label}    · DELETE VM: DELETE /nodes/pve1/qemu/2003 purge=1`,
      ...(database === 'mysql'
        ? [`  ${label}    · Clean DB: clear dedicatedip, assignedips and domain of service 77`]
        : []),
      `  ${label}    · Clean DB: quarantine 192.0.2.10`,
      `  ${label}    · Clean DB: quarantine VMID 2003`,
      `  ${label}    · terminate → remove`,
    ]);
    expect(stdout).toContain('Preflight: error_terminate: ');
    expect(stdout).toContain('Preflight: error_terminate: VM 2009 is a template of main');
    expect(await everything()).toEqual(before);
    expect(site.proxmox.log.filter(({ method }) => method !== 'GET')).toEqual([]);
  });

  it('is refused every write by the database itself', async () => {
    const { openDatabase } = await import('../../../src/records/database.ts');
    const db = await openDatabase({ url: site.databaseUrl, vmTable: site.db.vmTable, timeZone: 'UTC', readOnly: true });
    await expect(db.knex('mod_vmctl_slots').insert({ name: 'x', place: 0 })).rejects.toThrow(/read.?only/i);
    await db.close();
  });
});
