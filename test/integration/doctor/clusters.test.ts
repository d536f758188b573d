import { X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Clock, systemClock } from '../../../src/base/clock.ts';
import { makeCertificate } from '../../../src/simulator/certificate.ts';
import { createProxmoxSimulator, type ProxmoxOptions } from '../../../src/simulator/proxmox/index.ts';
import type { TokenSpec } from '../../../src/simulator/scenario.ts';
import { type RunningServer, serve } from '../../../src/simulator/server.ts';
import { createSite, type Site } from '../../support/site.ts';
import { examine } from './examine.ts';

let site: Site;
const servers: RunningServer[] = [];
beforeAll(async () => {
  site = await createSite({ database: 'sqlite', speed: 2 });
});
afterAll(async () => {
  for (const server of servers) await server.close();
  await site.close();
});

const dead = 'https://127.0.0.1:1';
const all = (privileges: string[]) => [{ path: '/', privileges }];

/** The YAML of one more cluster; trusted by the CA of its own unless told otherwise. */
async function anotherCluster(
  name: string,
  options: Partial<ProxmoxOptions> & {
    token?: Partial<TokenSpec>;
    more?: string;
    pem?: { cert: string; private: string };
  } = {},
) {
  const { token = {}, more = '', pem, ...world } = options;
  const simulator = createProxmoxSimulator({ clock: systemClock, nodes: ['pve1'], ...world });
  const { id, secret } = simulator.addToken({ id: 'vmctl@pve!cron', ...token });
  const made = await makeCertificate();
  const tls = pem === undefined ? made : { cert: pem.cert, key: pem.private };
  const server = await serve(simulator.handle, { tls });
  servers.push(server);
  const ca = join(site.folder, `${name}-ca.pem`);
  writeFileSync(ca, pem?.cert ?? made.ca);
  const yaml = [
    `  ${name}:`,
    `    endpoints: ['${server.url}']`,
    `    token: '${id}=${secret}'`,
    `    tls: { ca: '${ca}' }`,
    ...(more === '' ? [] : [`    ${more}`]),
  ].join('\n');
  const add = (text: string) => text.replace('clusters:', `clusters:\n${yaml}`);
  return { simulator, url: server.url, add, made };
}

it('names an entry point that is down beside one that works: a warning, since the others are used', async () => {
  const yaml = (text: string) => text.replace('endpoints: [', `endpoints: ['${dead}', `);
  const found = await examine(site, ['entry points'], { yaml });
  expect(found.about(`main ${dead}`)).toEqual([
    expect.stringMatching(/^warning .*cannot be reached.* => Check the network, the firewall and pveproxy/),
  ]);
  expect(found.about(`main ${site.proxmoxUrl}`)[0]).toMatch(/^ok .*lets us in; Proxmox VE 9\.2/);
  expect(found.exitCode).toBe(0);
});

it('ends with 5 where no entry point of any cluster answers', async () => {
  const found = await examine(site, ['entry points', 'rights', 'templates'], {
    yaml: (text) => text.replace(site.proxmoxUrl, dead),
  });
  expect(found.wrong).toEqual([expect.stringMatching(/^failure main https:\/\/127\.0\.0\.1:1: .*cannot be reached/)]);
  expect(found.exitCode).toBe(5);
});

it('names a node that takes connections and says nothing, as out of reach, and asks it nothing more', async () => {
  const { add, simulator } = await anotherCluster('other');
  simulator.faults.add({ path: /./, do: 'slow', delayMs: 60_000 });
  const hurried = (own: Clock) => ({ ...own, sleep: (ms: number, by?: AbortSignal) => own.sleep(ms / 10, by) });
  const found = await examine(site, ['entry points', 'rights'], { yaml: add, clock: hurried });
  expect(found.wrong).toEqual([
    expect.stringMatching(/^failure other .*does not answer within 15 s => see how pveproxy/),
  ]);
  expect(simulator.log).toHaveLength(1);
});

it('names a token that is refused, and where it is set', async () => {
  const yaml = (text: string) => text.replace(/token: '[^']*'/, "token: 'vmctl@pve!cron=00000000-0000'");
  const found = await examine(site, ['entry points'], { yaml });
  expect(found.wrong).toEqual([
    expect.stringMatching(/^failure main .*Authentication failed.* => Check the token vmctl@pve!cron .*cluster main/),
  ]);
  expect(found.exitCode).toBe(2);
});

it('names a certificate that is not trusted, also for a wrong pin', async () => {
  const { made } = await anotherCluster('other');
  const pinned = (pin: string) => (text: string) => text.replace(/tls: \{.*\}/, `tls: { fingerprint: '${pin}' }`);
  const wrong = await examine(site, ['entry points'], { yaml: pinned(made.fingerprint256) });
  expect(wrong.wrong).toEqual([
    expect.stringMatching(
      /^failure main .*another certificate than the pinned one.* => If the certificate was renewed/,
    ),
  ]);
  const untrusted = await examine(site, ['entry points'], { yaml: (text) => text.replace(/ +tls: \{.*\}\n/, '') });
  expect(untrusted.wrong).toEqual([expect.stringMatching(/^failure main .*not trusted.* => Set tls\.ca/)]);
  expect(untrusted.exitCode).toBe(2);
});

it('tells the end of each certificate: below 30 days a warning, and of a pin that a renewal breaks it', async () => {
  const soon = new Date(Date.now() + 12.5 * 86_400_000);
  const pem = await generate([{ name: 'commonName', value: '127.0.0.1' }], {
    notAfterDate: soon,
    extensions: [
      { name: 'basicConstraints', cA: true },
      { name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] },
    ],
  });
  const other = await anotherCluster('other', { pem });
  const found = await examine(site, ['entry points'], { yaml: other.add });
  expect(found.wrong).toEqual([
    expect.stringMatching(
      new RegExp(`^warning other .*valid until ${soon.toISOString().slice(0, 10)} \\(12 days\\) => renew it`),
    ),
  ]);
  const pin = `tls: { fingerprint: '${new X509Certificate(pem.cert).fingerprint256}' }`;
  const yaml = (text: string) => other.add(text).replace(/tls: \{ ca: '[^']*other-ca.pem' \}/, pin);
  const pinned = await examine(site, ['entry points'], { yaml });
  expect(pinned.wrong).toEqual([
    expect.stringMatching(/^warning other .*pinned, so its renewal breaks tls\.fingerprint => /),
  ]);
});

it('names each missing privilege with its path and how to grant it', async () => {
  const privileges = ['VM.Audit', 'VM.PowerMgmt', 'Datastore.Audit', 'Datastore.AllocateSpace', 'VM.Allocate'];
  const { add } = await anotherCluster('other', { token: { acl: all(privileges) } });
  const found = await examine(site, ['rights'], { yaml: add });
  expect(found.wrong).toEqual([
    "failure other VM.Backup on /vms: missing: backups of a terminated VM stay => grant a role with VM.Backup on /vms to the user and, with privilege separation, to its token as well: pveum acl modify /vms --roles <role> --users 'vmctl@pve' and again with --tokens 'vmctl@pve!cron'",
    expect.stringMatching(
      /^warning other Datastore\.Allocate on \/storage: missing: volumes that a busy storage leaves/,
    ),
    expect.stringMatching(/^warning other Sys\.Audit on \/: missing: the quorum is guessed/),
  ]);
  expect(found.about('other Sys.Modify on /nodes')[0]).toMatch(/^ok .*not granted: only the token that asked/);
  expect(found.about('main Datastore.Allocate on /storage')).toEqual([
    'ok main Datastore.Allocate on /storage: granted',
  ]);
  expect(found.exitCode).toBe(2);
});

it('tells where a right holds only for a pool', async () => {
  const audit = [
    { path: '/pool/kunden', privileges: ['VM.Audit'] },
    { path: '/storage', privileges: ['Datastore.Audit'] },
  ];
  const { add } = await anotherCluster('other', { token: { acl: audit } });
  const found = await examine(site, ['rights'], { yaml: add });
  expect(found.about('other VM.Audit on /vms')).toEqual([
    expect.stringMatching(/^warning .*granted only on \/pool\/kunden: elsewhere VMs are not seen/),
  ]);
});

it('names a cluster without quorum and its nodes that are offline', async () => {
  const { add, simulator } = await anotherCluster('other', { nodes: ['pve1', 'pve2', 'pve3'] });
  simulator.nodeDown('pve3');
  simulator.setQuorate(false);
  const found = await examine(site, ['cluster state'], { yaml: add });
  expect(found.wrong).toEqual([
    expect.stringMatching(/^failure other quorum: .* => bring enough nodes back/),
    expect.stringMatching(/^warning other pve3: the node is offline => /),
  ]);
});

it('takes a Proxmox VE 7.4, and names whatever else an entry point says', async () => {
  const { add, simulator } = await anotherCluster('other', { release: '7.4' });
  expect((await examine(site, ['entry points'], { yaml: add })).wrong).toEqual([]);
  simulator.faults.add({ path: /^\/version/, do: 'status', status: 500, reason: 'no such luck' });
  const found = await examine(site, ['entry points'], { yaml: add });
  expect(found.wrong).toEqual([expect.stringMatching(/^failure other .*no such luck/)]);
});

it('names templates that are missing or are none', async () => {
  site.proxmox.addVm({ vmid: 9001, name: 'debian', template: true });
  site.proxmox.addVm({ vmid: 9002, name: 'customer' });
  const yaml = (text: string) => text.replace('  main:', '  main:\n    templates: [9001, 9002, 9003]');
  const found = await examine(site, ['templates'], { yaml });
  expect(found.about('main 9001')).toEqual(['ok main 9001: debian on pve1']);
  expect(found.wrong).toEqual([
    expect.stringMatching(
      /^failure main 9002: VM 9002 \(customer\) is no template => make it one \(qm template 9002\)/,
    ),
    expect.stringMatching(/^failure main 9003: there is no VM 9003 .* => make the template, or correct/),
  ]);
  expect(found.exitCode).toBe(2);
});

it('warns of ranges of VMIDs that overlap on a shared storage, and of templates inside a range', async () => {
  const storages = [{ id: 'nfs', type: 'nfs' as const, content: ['images'] }];
  const one = await anotherCluster('one', { storages, more: 'vmids: { start: 1000, end: 2000 }' });
  const two = await anotherCluster('two', { storages, more: 'vmids: { start: 1500, end: 2500 }' });
  const three = await anotherCluster('three', { storages, more: 'vmids: { start: 2500, end: 3000 }' });
  const found = await examine(site, ['VMIDs'], {
    yaml: (text) => [one, two, three].reduce((yaml, { add }) => add(yaml), text),
    env: { PROXMOX_TEMPLATE_ID: '2600' },
  });
  expect(found.about('two and one')).toEqual([
    expect.stringMatching(/^warning .*overlap, and both have the shared storage nfs => give them ranges of their own/),
  ]);
  expect(found.about('three and two')).toEqual([]);
  expect(found.about('three 2500 to 2999')).toEqual([
    expect.stringMatching(/^warning .*templates are inside .*: 2600/),
  ]);
});

it('compares the clocks of database and cluster with this host: above 30 s a warning, above 5 min a failure', async () => {
  const shifted = (ms: number) => (own: Clock) => ({ ...own, now: () => own.now() + ms });
  expect((await examine(site, ['clocks'])).wrong).toEqual([]);
  const late = await examine(site, ['clocks'], { clock: shifted(-60_000) });
  expect(late.about(`main ${site.proxmoxUrl}`)).toEqual([
    expect.stringMatching(/^warning .*: (59|60) s ahead of this host => set both by NTP/),
  ]);
  const early = await examine(site, ['clocks'], { clock: shifted(301_500) });
  expect(early.about(`main ${site.proxmoxUrl}`)[0]).toMatch(/^failure .*30\d s behind this host: tickets are refused/);
  const database = await examine(site, ['clocks'], { env: { VMCTL_CLOCK: '' }, clock: shifted(400_000) });
  expect(database.about('the database')[0]).toMatch(/^failure the database: 400 s behind this host/);
});
