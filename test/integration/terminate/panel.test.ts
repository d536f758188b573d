import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { runAttempt } from '../../../src/engine/attempt.ts';
import { openClusterOf } from '../../../src/engine/cluster-of.ts';
import { beginLease } from '../../../src/engine/lease.ts';
import { createVmFinder } from '../../../src/lifecycle/find-vm.ts';
import type { Pipeline } from '../../../src/lifecycle/pipeline.ts';
import { claimRow } from '../../../src/records/claims.ts';
import { openModuleLog } from '../../../src/records/module-log.ts';
import { requestState } from '../../../src/records/operator.ts';
import { createTickReport } from '../../../src/report/tick-report.ts';
import { loadSettings } from '../../../src/settings/load.ts';
import { createSite, type Site } from '../../support/site.ts';
import { createHooks, exists, quick, run, sent, vmidsFrom } from './runs.ts';

const nextVmid = vmidsFrom(2900);

describe.each(['mysql', 'sqlite'] as const)('The panel speaks meanwhile, on %s', (database) => {
  let site: Site;
  const hooks = createHooks();
  beforeAll(async () => {
    site = await createSite({ ...quick, database, simulator: { onRequest: hooks.onRequest } });
  });
  afterAll(() => site.close());

  const writes = (id: number, vm_status: string) => site.db.knex(site.db.vmTable).where({ id }).update({ vm_status });

  it('`terminate` written by the panel while another step runs is not lost, and what the step learned is saved', async () => {
    const vmid = nextVmid();
    const row = await site.addVm({ vm: { vmid, running: false }, row: { vm_status: 'set_ip', vm_id: null } });
    const clone: Pipeline = {
      action: 'deploy',
      errorState: 'error_deploy',
      steps: [
        {
          from: 'set_ip',
          does: 'Clone VM',
          to: 'clone',
          plan: async () => ({ changes: [] }),
          async run() {
            await requestState(site.db, row, 'terminate');
            return { kind: 'done', learned: { vm_id: vmid } };
          },
        },
      ],
    };
    const lease = await beginLease(site.db, systemClock, 60_000);
    await claimRow(site.db, lease.id, row.id);
    const settings = loadSettings({ env: site.env, cwd: site.folder, flags: {} });
    const claimed = await site.row(row.id);
    const silent = { line() {}, alarm() {}, fault() {}, counts() {} };
    const never = new AbortController().signal;
    const tools = {
      db: site.db,
      settings,
      clock: systemClock,
      dbNow: lease.dbNow,
      token: lease.id,
      moduleLog: await openModuleLog(site.db, 'off'),
      cluster: () => Promise.reject(new Error('not needed')),
      dns: () => Promise.reject(new Error('not needed')),
      signal: never,
      draining: never,
      report: createTickReport(silent, systemClock, 'UTC'),
      codes: new Set<number>(),
    };
    const vm = createVmFinder(claimed, () => openClusterOf(tools, claimed), systemClock);
    const lent = { vm, takeSlot: async () => true };
    expect(await runAttempt(tools, claimed, clone, lent, async () => {})).toBe('moved');
    expect(await site.row(row.id)).toMatchObject({ vm_status: 'terminate', vm_id: vmid });
    await lease.end(true);
    await site.tick();
    expect((await site.row(row.id)).vm_status).toBe('remove');
    expect(exists(site, vmid)).toBe(false);
  });

  it('another state written during terminate: the row goes on from that one, nothing more is sent', async () => {
    const vmid = nextVmid();
    const row = await site.addVm({ vm: { vmid, guest: { shutdownMs: 30_000 } } });
    hooks.once('POST', `/nodes/pve1/qemu/${vmid}/status/shutdown`, () => writes(row.id, 'ready'));
    const { end, row: after } = await run(site, row);
    expect(end).toBe('waiting: its state is ready now');
    expect(after).toMatchObject({ vm_status: 'ready', claim_token: null, vm_id: vmid });
    expect(sent(site, vmid)).toEqual(['POST shutdown']);
  });

  it('`terminate` written again during terminate changes nothing: done once', async () => {
    const vmid = nextVmid();
    const row = await site.addVm({ vm: { vmid } });
    hooks.once('POST', `/nodes/pve1/qemu/${vmid}/status/shutdown`, () => writes(row.id, 'terminate'));
    const { row: after } = await run(site, row);
    expect(after.vm_status).toBe('remove');
    expect((await site.tick()).lines).toEqual([]);
  });

  it('a row reset by hand is lost to the tick that works on it, which sends nothing more', async () => {
    const vmid = nextVmid();
    const row = await site.addVm({ vm: { vmid, guest: { shutdownMs: 30_000 } } });
    const change = { claim_token: null, revision: 99, vm_status: 'remove' };
    hooks.once('POST', `/nodes/pve1/qemu/${vmid}/status/shutdown`, () =>
      site.db.knex(site.db.vmTable).where({ id: row.id }).update(change),
    );
    const { end, row: after } = await run(site, row);
    expect(end).toBe('waiting: another tick has taken over');
    expect(after).toMatchObject(change);
    expect(sent(site, vmid)).toEqual(['POST shutdown']);
  });
});

describe('Rows and services', () => {
  let site: Site;
  beforeAll(async () => {
    site = await createSite(quick);
  });
  afterAll(() => site.close());

  it('two rows of one service: the fields of the living one are not wiped, its address stays allocated', async () => {
    const service = { id: 5560, userid: 3, dedicatedip: '198.51.100.20', assignedips: '' };
    const living = await site.addVm({
      vm: { vmid: nextVmid() },
      addresses: ['198.51.100.20'],
      service,
      row: { vm_status: 'ready' },
    });
    const dead = await site.addVm({
      vm: { vmid: nextVmid(), running: false },
      addresses: ['198.51.100.21'],
      row: { service_id: 5560 },
    });
    await run(site, dead);
    expect((await site.row(dead.id)).vm_status).toBe('remove');
    expect(await site.service(5560)).toEqual({ dedicatedip: '198.51.100.20', assignedips: '', domain: living.domain });
    expect(await site.addresses()).toMatchObject({ '198.51.100.20': 'allocated', '198.51.100.21': 'quarantined' });
  });

  it('two rows of one service that are terminated at once: its fields are wiped by the last one', async () => {
    for (const id of [5561, 5562, 5563]) {
      const service = { id, userid: 3, dedicatedip: `198.51.100.${id - 5500}` };
      const first = await site.addVm({ vm: { vmid: nextVmid(), running: false }, service });
      await site.addVm({ vm: { vmid: nextVmid(), running: false }, row: { service_id: first.service_id } });
    }
    await site.tick();
    for (const id of [5561, 5562, 5563]) {
      expect(await site.service(id)).toEqual({ dedicatedip: '', assignedips: '', domain: '' });
      expect((await site.addresses())[`198.51.100.${id - 5500}`]).toBe('quarantined');
    }
  });

  it('addresses that only WHMCS knows are quarantined, those of another row are not', async () => {
    const holder = await site.addVm({
      vm: { vmid: nextVmid() },
      addresses: ['198.51.100.31'],
      row: { vm_status: 'ready' },
    });
    const service = { id: 5565, dedicatedip: '198.51.100.30', assignedips: '198.51.100.31' };
    const row = await site.addVm({ vm: { vmid: nextVmid(), running: false }, service });
    await run(site, row);
    expect(await site.addresses()).toMatchObject({ '198.51.100.30': 'quarantined', '198.51.100.31': 'allocated' });
    expect((await site.row(holder.id)).vm_status).toBe('ready');
  });

  it('a row without a cluster: the only one there is, and it is written down', async () => {
    const { row } = await run(
      site,
      await site.addVm({ vm: { vmid: nextVmid(), lock: 'backup' }, row: { cluster: null } }),
    );
    expect(row.vm_status).toBe('terminate');
    const done = await run(
      site,
      await site.addVm({ vm: { vmid: nextVmid(), running: false }, row: { cluster: null } }),
    );
    expect(done.row).toMatchObject({ vm_status: 'remove', cluster: 'main' });
  });

  it('a row without a cluster among several: by the WHMCS server of its service, else a clear error', async () => {
    const service = await site.addVm({
      vm: { vmid: nextVmid() },
      service: { id: 5570, server: 4 },
      row: { cluster: null },
    });
    const settings = loadSettings({ env: site.env, cwd: site.folder, flags: {} });
    const [main] = settings.clusters;
    if (!main) throw new Error('no cluster');
    const two = { ...settings, clusters: [main, { ...main, name: 'lab', whmcsServerIds: [4] }] };
    const asked: string[] = [];
    const tools = {
      db: site.db,
      settings: two,
      cluster: (name: string) => {
        asked.push(name);
        return Promise.reject(new Error('asked'));
      },
    };
    await expect(openClusterOf(tools, service)).rejects.toThrow('asked');
    expect(asked).toEqual(['lab']);
    await expect(openClusterOf(tools, { ...service, service_id: null })).rejects.toMatchObject({
      message: 'the row names no cluster, and its WHMCS server belongs to none of main, lab',
      cure: 'set the column cluster of the row, or whmcsServerIds of a cluster in the YAML file',
    });
    await expect(openClusterOf(tools, { ...service, cluster: 'old' })).rejects.toMatchObject({
      message: 'the row names the cluster old, which is not configured (there are: main, lab)',
    });
  });

  it('a row of a cluster that is not configured: error_terminate says so, nothing is sent', async () => {
    const vmid = nextVmid();
    const { row } = await run(site, await site.addVm({ vm: { vmid }, row: { cluster: 'old' } }));
    expect(row.vm_status).toBe('error_terminate');
    expect(row.status_message).toContain('the row names the cluster old, which is not configured');
    expect(sent(site, vmid)).toEqual([]);
  });
});
