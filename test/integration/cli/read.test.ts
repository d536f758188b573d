import { readFileSync } from 'node:fs';
import { get } from 'node:https';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { VmRow } from '../../../src/records/vm-row.ts';
import { createSite, type Site } from '../../support/site.ts';

let site: Site;
let gone: VmRow;
let failed: VmRow;
beforeAll(async () => {
  site = await createSite({ speed: 50 });
  const service = { userid: 7 };
  gone = await site.addVm({ vm: { vmid: 2003 }, addresses: ['192.0.2.3'], service: { ...service, id: 5546 } });
  expect(await site.vmctl(['cron'])).toMatchObject({ code: 0 });
  failed = await site.addVm({
    vm: { vmid: 2004 },
    addresses: ['192.0.2.4', '2001:db8::4'],
    service: { ...service, id: 5551 },
    row: { vm_status: 'error_terminate', status_message: 'lvremove said no' },
  });
});
afterAll(() => site.close());

async function text(...args: string[]): Promise<string> {
  const result = await site.vmctl(args);
  expect(result).toMatchObject({ code: 0, stderr: '' });
  return result.stdout;
}

async function json(...args: string[]) {
  return JSON.parse(await text(...args, '--json'));
}

it('list shows every row with state, place, VMID and addresses, in aligned columns', async () => {
  const [head, ...lines] = (await text('list')).trimEnd().split('\n');
  expect(head?.split(/\s+/)).toEqual(['ID', 'SERVICE', 'STATUS', 'CLUSTER/NODE', 'VMID', 'NAME', 'ADDRESSES']);
  expect(lines[1]?.split(/\s+/)).toEqual([
    ...[
      String(failed.id),
      '5551',
      'error_terminate',
      'main/pve1',
      '2004',
      '2004-1776530141',
      '192.0.2.4',
      '2001:db8::4',
    ],
  ]);
  expect(
    new Set(lines.map((line) => line.indexOf(line.includes('remove') ? 'remove' : 'error_terminate'))),
  ).toHaveLength(1);
});

it('list --status shows only rows in that state', async () => {
  expect((await json('list', '--status', 'error_terminate')).map((row: VmRow) => row.id)).toEqual([failed.id]);
});

it('list --json and show --json have the column names as keys, and the addresses', async () => {
  const [, listed] = await json('list');
  expect(listed).toEqual({ ...(await site.row(failed.id)), addresses: ['192.0.2.4', '2001:db8::4'] });
  expect(await json('show', 'service:5551')).toEqual(listed);
});

it('show has the reason on top, then every column', async () => {
  const lines = (await text('show', `main/vmid:2004`)).split('\n');
  expect(lines[0]).toBe(' error_terminate: lvremove said no ');
  for (const column of Object.keys(failed)) expect(lines.some((line) => line.startsWith(`${column} `))).toBe(true);
});

it('log shows every run with its phases, durations and what was printed', async () => {
  const [head, ...lines] = (await text('log', String(gone.id))).split('\n');
  expect(head).toMatch(/^[\d-]+ [\d:]+ \[terminate\] terminate → remove \(\d+\.\d\ds\) success$/);
  for (const phase of ['Preflight', 'Stop VM', 'Remove backups', 'Delete DNS', 'DELETE VM', 'Clean DB']) {
    expect(lines.some((line) => line.includes(` ${phase} `))).toBe(true);
  }
  expect(lines).toContain('    · stop request sent');
  const [run] = await json('log', String(gone.id));
  expect(run).toMatchObject({
    row_id: gone.id,
    service_id: 5546,
    action: 'terminate',
    result: 'success',
    to_status: 'remove',
  });
  expect(run.entries[0]).toMatchObject({ phase: 'Preflight', result: 'success', durationMs: expect.any(Number) });
});

it('log --follow goes on with what is added, each line once', async () => {
  const row = await site.addVm({ vm: { vmid: 2010 } });
  const following = site.start(['log', String(row.id), '--follow']);
  const ticked = site.vmctl(['cron', '--only', String(row.id)]);
  await following.seen('→ remove');
  following.kill('SIGTERM');
  await following.result;
  await ticked;
  const lines = following.output.stdout.trimEnd().split('\n');
  expect(lines.filter((line) => line.includes('· stop request sent'))).toHaveLength(1);
  expect(lines.at(-1)).toMatch(/\[terminate\] terminate → remove \(\d+\.\d\ds\) success$/);
});

it('states lists every state and the steps of terminate', async () => {
  expect(await text('states')).toContain('| `terminate:dns` | DELETE VM | `terminate:deleted` |');
  const { states, pipelines, resetTargets } = await json('states');
  expect(states.errors).toContain('error_unhealthy');
  expect(pipelines[0]).toMatchObject({ action: 'terminate', errorState: 'error_terminate' });
  expect(Object.keys(resetTargets)).toContain('set_dns_records');
});

it('db status lists what has been done', async () => {
  expect(await text('db', 'status')).toMatch(/^done {4}001_/);
  expect(await json('db', 'status')).toMatchObject({ pending: [] });
  expect(await text('db', 'migrate')).toBe('nothing to migrate\n');
});

it('config check says that all is well, and with --json what is in force, without a secret', async () => {
  expect(await text('config', 'check')).toMatch(/1 clusters?, 0 DNS zones?, .*: all well formed\n$/);
  const settings = await text('config', 'check', '--json');
  expect(JSON.parse(settings)).toMatchObject({ claimLeaseSeconds: 60, clusters: [{ name: 'main' }] });
  expect(settings).not.toMatch(/vmctl@pve!cron=[0-9a-f]/);
});

it('simulator prints one JSON document and serves what it says, until it is told to stop', async () => {
  const ca = join(site.folder, 'simulator-ca.pem');
  const running = site.start(['simulator', '--ca-out', ca, '--fault', 'GET /version=500:simulated trouble;nth=2']);
  await running.seen('\n');
  const { url, token, fingerprint } = JSON.parse(running.output.stdout);
  expect(fingerprint).toMatch(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
  const ask = () =>
    new Promise<string>((resolve, reject) => {
      const headers = { authorization: `PVEAPIToken=${token}` };
      get(`${url}/api2/json/version`, { ca: readFileSync(ca), headers }, (answer) => {
        answer.resume();
        resolve(`${answer.statusCode} ${answer.statusMessage}`);
      }).on('error', reject);
    });
  expect(await ask()).toBe('200 OK');
  expect(await ask()).toBe('500 simulated trouble');
  running.kill('SIGTERM');
  expect(await running.result).toMatchObject({ code: 0, stderr: '' });
});
