import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { scaledClock } from '../../../src/base/clock.ts';
import { findBackups, uuidOfBackup } from '../../../src/proxmox/backups.ts';
import { type Cluster, createCluster } from '../../../src/proxmox/cluster.ts';
import { proveDeath } from '../../../src/proxmox/death.ts';
import { volumesOf } from '../../../src/proxmox/disks.ts';
import { ProxmoxError } from '../../../src/proxmox/errors.ts';
import { checkIdentity } from '../../../src/proxmox/identity.ts';
import { wouldRefuse } from '../../../src/proxmox/refusals.ts';
import type { ClusterSettings, TlsTrust } from '../../../src/settings/types.ts';
import { makeCertificate } from '../../../src/simulator/certificate.ts';
import { createProxmoxSimulator, type ProxmoxOptions } from '../../../src/simulator/proxmox/index.ts';
import { serve } from '../../../src/simulator/server.ts';

/** Ten times as fast as real time: slow enough for honest answers within 35 s on a busy machine. */
const factor = 10;

/** A simulated cluster of two nodes, each an entry point over HTTPS. */
async function setUp(options: Partial<ProxmoxOptions> = {}, pinned = false) {
  const clock = scaledClock(Date.now(), factor);
  const pve = createProxmoxSimulator({ clock, nodes: ['pve1', 'pve2'], ...options });
  const certificate = await makeCertificate({ selfSigned: pinned });
  const servers = await Promise.all(['pve1', 'pve2'].map((node) => serve(pve.entry(node), { tls: certificate })));
  onTestFinished(async () => {
    await Promise.all(servers.map((server) => server.close()));
  });
  const token = pve.addToken({ id: 'vmctl@pve!cron' });
  const settings: ClusterSettings = {
    name: 'main',
    endpoints: servers.map(({ url }) => url),
    auth: { kind: 'token', token: `${token.id}=${token.secret}` },
    tls: pinned ? { fingerprint: certificate.fingerprint256 } : trustIn(certificate.ca),
    whmcsServerIds: [],
    vmids: { start: 1000, end: 9999 },
    templates: [],
    limits: { requestsPerNode: 4, clonesPerNode: 2, destroysPerNode: 4 },
  };
  const clusterWith = (changes: Partial<ClusterSettings> = {}): Cluster =>
    createCluster(
      { ...settings, ...changes },
      { clock, random: () => 0, retry: { maxRetries: 2, baseDelaySeconds: 2 } },
    );
  return { pve, clock, settings, clusterWith, cluster: clusterWith() };
}

function trustIn(ca: string): TlsTrust {
  const folder = mkdtempSync(join(tmpdir(), 'vmctl-ca-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'pve-root-ca.pem');
  writeFileSync(file, ca);
  return { ca: file };
}

async function rejected(promise: Promise<unknown>): Promise<ProxmoxError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof ProxmoxError) return error;
  throw new Error(`expected a ProxmoxError, got ${String(error)}`);
}

const uuid = '1b4e28ba-2fa1-11d2-883f-0016d3cca427';

describe('against a Proxmox VE', () => {
  test('a VM is found, recognised, stopped, destroyed and proven dead', async () => {
    const { pve, cluster } = await setUp();
    pve.addVm({ vmid: 2003, node: 'pve2', uuid, running: true });
    const place = await cluster.locate(2003);
    expect(place).toEqual({ node: 'pve2', type: 'qemu', ha: false });
    const node = place?.node ?? '';
    const config = await cluster.vmConfig(node, 2003);
    expect(checkIdentity(config, { vmid: 2003, uuid })).toMatchObject({ ok: true });
    expect(wouldRefuse(config)).toBeUndefined();
    expect(await cluster.watch.power(node, 2003)).toMatchObject({ status: 'running' });
    expect(await rejected(cluster.destroyVm(node, 2003))).toMatchObject({ reason: 'running', kind: 'permanent' });
    const stop = await cluster.shutdown(node, 2003, { timeoutSeconds: 120, forceStop: true });
    expect(await cluster.waitForTask(stop, { timeoutMs: 200_000 })).toMatchObject({ ok: true });
    expect(await cluster.watch.power(node, 2003)).toMatchObject({ status: 'stopped' });
    const volumes = volumesOf(config);
    expect(await proveDeath(cluster, { vmid: 2003, node, volumes })).toMatchObject({ gone: false });
    const destroy = await cluster.destroyVm(node, 2003);
    expect(await cluster.waitForTask(destroy, { timeoutMs: 60_000 })).toMatchObject({ ok: true, warnings: 0 });
    expect(await proveDeath(cluster, { vmid: 2003, node, volumes })).toEqual({
      gone: true,
      left: [],
      deleted: [],
      notes: [],
    });
    expect(await cluster.watch.power(node, 2003)).toMatchObject({ status: 'elsewhere' });
    expect(await rejected(cluster.vmConfig(node, 2003))).toMatchObject({ reason: 'gone' });
  });

  test('a VM that ignores its shutdown is stopped by force while that shutdown holds its lock', async () => {
    const { pve, cluster } = await setUp();
    pve.addVm({ vmid: 100, running: true, guest: { shutdownMs: null } });
    const shutdown = await cluster.shutdown('pve1', 100, { timeoutSeconds: 120, forceStop: true });
    expect(await cluster.watch.activeTask('pve1', 100, 'qmshutdown')).toBe(shutdown);
    const stop = await cluster.forceStop('pve1', 100, { ha: false });
    expect(await cluster.waitForTask(stop, { timeoutMs: 60_000 })).toMatchObject({ ok: true });
    expect(await cluster.watch.power('pve1', 100)).toMatchObject({ status: 'stopped' });
  });

  test('the same on PVE 7, which cannot overrule a shutdown', async () => {
    const { pve, cluster } = await setUp({ release: '7.4' });
    pve.addVm({ vmid: 100, running: true, guest: { shutdownMs: null } });
    await cluster.shutdown('pve1', 100, { timeoutSeconds: 120, forceStop: true });
    const stop = await cluster.forceStop('pve1', 100, { ha: false });
    expect(await cluster.waitForTask(stop, { timeoutMs: 60_000 })).toMatchObject({ ok: true });
    expect(await cluster.watch.power('pve1', 100)).toMatchObject({ status: 'stopped' });
  });

  test('a disk that a busy storage made the destroy leave behind is deleted', async () => {
    const { pve, cluster } = await setUp();
    pve.addVm({ vmid: 100, uuid });
    const volumes = volumesOf(await cluster.vmConfig('pve1', 100));
    pve.holdStorageLock(volumes[0]?.split(':')[0] ?? '', 12_000);
    const destroy = await cluster.destroyVm('pve1', 100);
    expect(await cluster.waitForTask(destroy, { timeoutMs: 60_000 })).toMatchObject({ ok: true, warnings: 1 });
    expect(await proveDeath(cluster, { vmid: 100, node: 'pve1', volumes })).toMatchObject({
      gone: true,
      left: [],
      deleted: volumes,
    });
  });

  test('a DELETE of a locked VM fails in its task, with the lock named', async () => {
    const { pve, cluster } = await setUp();
    pve.addVm({ vmid: 100, lock: 'backup' });
    const destroy = await cluster.destroyVm('pve1', 100);
    const exit = await cluster.waitForTask(destroy, { timeoutMs: 60_000 });
    expect(exit).toMatchObject({ ok: false, error: { reason: 'locked', lock: 'backup' } });
  });

  test('backups are found on every storage and recognised by the uuid in them', async () => {
    const { pve, clock, cluster } = await setUp();
    pve.addVm({ vmid: 100, uuid });
    pve.addBackup({ vmid: 100, at: clock.now() });
    pve.addBackup({ vmid: 100, at: clock.now() - 86_400_000, uuid: '00000000-2fa1-11d2-883f-0016d3cca427' });
    const { backups, errors } = await findBackups(cluster, 100);
    expect(errors).toEqual([]);
    const owners = await Promise.all(backups.map(({ node, volid }) => uuidOfBackup(cluster, node, volid)));
    expect(owners.toSorted()).toEqual(['00000000-2fa1-11d2-883f-0016d3cca427', uuid]);
    const [backup] = backups;
    const upid = await cluster.deleteVolume(backup?.node ?? '', backup?.storage ?? '', backup?.volid ?? '');
    expect(await cluster.waitForTask(upid ?? '', { timeoutMs: 60_000 })).toMatchObject({ ok: true });
    expect((await findBackups(cluster, 100)).backups).toHaveLength(1);
  });

  test('an entry point that is down is passed over; a VM on that node is unreachable, not gone', async () => {
    const { pve, cluster } = await setUp();
    pve.addVm({ vmid: 100, node: 'pve1' });
    pve.addVm({ vmid: 200, node: 'pve2' });
    pve.nodeDown('pve1');
    expect(await cluster.vmStatus('pve2', 200)).toMatchObject({ status: 'stopped' });
    expect(await rejected(cluster.vmStatus('pve1', 100))).toMatchObject({ reason: 'node-unreachable' });
  });

  test('without a quorum nothing is free and nothing is written', async () => {
    const { pve, cluster } = await setUp();
    pve.addVm({ vmid: 100 });
    pve.setQuorate(false);
    expect(await cluster.quorate()).toBe(false);
    expect(await proveDeath(cluster, { vmid: 999, volumes: [] })).toMatchObject({ gone: false });
  });

  test('a DELETE whose answer was lost has an unknown outcome, and its task tells', async () => {
    const { pve, clock, cluster } = await setUp();
    pve.addVm({ vmid: 100 });
    await cluster.version();
    const since = new Date(clock.now()).toISOString();
    pve.faults.add({ method: 'DELETE', path: /qemu\/100/, do: 'lost-answer' });
    expect(await rejected(cluster.destroyVm('pve1', 100))).toMatchObject({ kind: 'unknown', reason: 'ambiguous' });
    expect(pve.log.filter(({ method }) => method === 'DELETE')).toHaveLength(1);
    const upid = await cluster.watch.latestTask('pve1', 100, 'qmdestroy', { since });
    expect(await cluster.waitForTask(upid ?? '', { timeoutMs: 60_000 })).toMatchObject({ ok: true });
  });

  test('twenty tasks on one node are watched with few requests', async () => {
    const { pve, cluster } = await setUp();
    for (let vmid = 100; vmid < 120; vmid += 1) pve.addVm({ vmid });
    const upids = await Promise.all(Array.from({ length: 20 }, (_, index) => cluster.destroyVm('pve1', 100 + index)));
    const before = pve.log.length;
    const exits = await Promise.all(upids.map((upid) => cluster.waitForTask(upid, { timeoutMs: 120_000 })));
    expect(exits.every(({ ok }) => ok)).toBe(true);
    expect(pve.log.length - before).toBeLessThan(60);
  });

  test('a wrong secret is refused once and for all', async () => {
    const { pve, clusterWith } = await setUp();
    const cluster = clusterWith({
      auth: { kind: 'token', token: 'vmctl@pve!cron=00000000-1111-2222-3333-444444444444' },
    });
    expect(await rejected(cluster.version())).toMatchObject({ reason: 'auth', status: 401 });
    expect(await rejected(cluster.nodes())).toMatchObject({ reason: 'auth' });
    expect(pve.log).toHaveLength(1);
  });

  test('username and password work over a pinned self-signed certificate', async () => {
    const { pve, clusterWith } = await setUp({}, true);
    pve.addUser({
      userid: 'panel@pve',
      password: 'correct horse',
      acl: [{ path: '/', privileges: ['VM.Audit', 'VM.PowerMgmt'] }],
    });
    pve.addVm({ vmid: 100, running: true });
    const cluster = clusterWith({ auth: { kind: 'ticket', username: 'panel@pve', password: 'correct horse' } });
    expect(await cluster.vmStatus('pve1', 100)).toMatchObject({ status: 'running' });
    const stop = await cluster.stop('pve1', 100);
    expect(await cluster.waitForTask(stop, { timeoutMs: 60_000 })).toMatchObject({ ok: true });
    expect(await rejected(cluster.destroyVm('pve1', 100))).toMatchObject({ reason: 'forbidden' });
  });

  test('a VM under HA is stopped by its manager and destroyed with purge', async () => {
    const { pve, cluster } = await setUp();
    pve.addVm({ vmid: 100, running: true, ha: true });
    expect(await cluster.vmStatus('pve1', 100)).toMatchObject({ haManaged: true });
    expect(await cluster.locate(100)).toMatchObject({ ha: true });
    await cluster.forceStop('pve1', 100, { ha: true });
    while ((await cluster.watch.power('pve1', 100)).status === 'running') await cluster.clock.sleep(2_000);
    const destroy = await cluster.destroyVm('pve1', 100);
    expect(await cluster.waitForTask(destroy, { timeoutMs: 60_000 })).toMatchObject({ ok: true });
  });
});
