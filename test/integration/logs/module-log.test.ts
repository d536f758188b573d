import { afterEach, describe, expect, it } from 'vitest';
import { createSite, type Site, type SiteOptions } from '../../support/site.ts';

let site: Site;
afterEach(() => site.close());

const zones = ['example.com', '2.0.192.in-addr.arpa'];

async function terminateOne(options: SiteOptions): Promise<Record<string, string>[]> {
  site = await createSite({ zones, ...options });
  await site.addVm({ vm: { vmid: 2003, guest: { shutdownMs: 12_000 } }, addresses: ['192.0.2.10'] });
  await site.tick();
  return site.db.knex('tblmodulelog').orderBy('id');
}

describe('the Module Log', () => {
  it('has all Proxmox calls as puqProxmoxKVM and all DNS calls as puq_proxmox_kvm, but not the shared polls', async () => {
    const rows = await terminateOne({ env: { MODULE_LOG: 'all' } });
    const actions = (module: string) => rows.filter((row) => row.module === module).map(({ action }) => action);
    expect(actions('puqProxmoxKVM')).toEqual(
      expect.arrayContaining([
        'POST /nodes/pve1/qemu/2003/status/shutdown',
        'DELETE /nodes/pve1/qemu/2003',
        'GET /nodes/pve1/qemu/2003/config',
      ]),
    );
    expect(actions('puqProxmoxKVM').filter((action) => action?.endsWith('/status/current'))).toEqual([]);
    expect(actions('puq_proxmox_kvm').length).toBeGreaterThan(1);
    expect(rows.find(({ action }) => action === 'DELETE /nodes/pve1/qemu/2003')?.request).toBe('{"purge":true}');
  });

  it('has only errors by default, and every non-blocking one of them', async () => {
    const options = { simulator: { nodes: ['pve1'] } };
    site = await createSite({ zones, ...options });
    await site.addVm({ vm: { vmid: 2003, running: false }, addresses: ['192.0.2.10'] });
    site.proxmox.faults.add({
      method: 'GET',
      path: /content=backup/,
      do: 'status',
      status: 500,
      reason: 'storage is not online',
    });
    await site.dns.stop();
    await site.tick();
    const rows: Record<string, string>[] = await site.db.knex('tblmodulelog').orderBy('id');
    const responses = rows.filter(({ module }) => module === 'puq_proxmox_kvm').map(({ response }) => response);
    expect(responses).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^backup ERR .*storage is not online/),
        expect.stringMatching(/^fwd-del ERR \[powerdns\] example\.com/),
        expect.stringMatching(/^rev-del ERR \[powerdns\] 2\.0\.192\.in-addr\.arpa/),
      ]),
    );
    expect(rows.some(({ action }) => action?.includes('/status/shutdown'))).toBe(false);
  });

  it('has everything by default while the module debug log of WHMCS is on', async () => {
    site = await createSite({});
    await site.db.knex('tblconfiguration').insert({ setting: 'ModuleDebugMode', value: 'on' });
    await site.addVm({ vm: { vmid: 2003, running: false } });
    await site.tick();
    const rows: Record<string, string>[] = await site.db.knex('tblmodulelog');
    expect(rows.map(({ action }) => action)).toContain('DELETE /nodes/pve1/qemu/2003');
  });

  it('has nothing with MODULE_LOG=off', async () => {
    expect(await terminateOne({ env: { MODULE_LOG: 'off' } })).toEqual([]);
  });
});

describe('retention', () => {
  it('keeps 50 runs of each VM, the newest, and our module log entries for 30 days, and touches no others', async () => {
    site = await createSite({});
    const { knex, clock } = site.db;
    for (let run = 0; run < 60; run += 1) {
      const id = `run-${String(run).padStart(2, '0')}`;
      const started_at = clock.sql(-run * 60_000);
      await knex('mod_vmctl_log_runs').insert({
        id,
        row_id: 1,
        action: 'terminate',
        from_status: 'terminate',
        started_at,
      });
      await knex('mod_vmctl_log_entries').insert({
        run_id: id,
        at: started_at,
        phase: 'x',
        result: 'success',
        duration_ms: 1,
      });
    }
    const text = { action: 'a', request: '', response: '' };
    const old = '2020-01-01 00:00:00';
    await knex('tblmodulelog').insert([
      { date: old, module: 'puqProxmoxKVM', arrdata: 'vmctl', ...text },
      { date: old, module: 'puqProxmoxKVM', arrdata: 'Array', ...text },
    ]);
    await knex('mod_vmctl_duties').insert({ name: 'retention', next_run_at: clock.sql() });
    await site.tick();
    const runs: { id: string }[] = await knex('mod_vmctl_log_runs').orderBy('id');
    expect(runs.map(({ id }) => id)).toEqual(
      Array.from({ length: 50 }, (_, run) => `run-${String(run).padStart(2, '0')}`),
    );
    expect(await knex('mod_vmctl_log_entries')).toHaveLength(50);
    expect(await knex('tblmodulelog')).toMatchObject([{ arrdata: 'Array' }]);
    expect(await knex('mod_vmctl_duties').where({ name: 'retention' }).first('last_result')).toEqual({
      last_result: '10 runs and 1 module log entries deleted',
    });
  });
});
