import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { makeCertificate } from '../../simulator/certificate.ts';
import { createPowerdnsSimulator } from '../../simulator/powerdns.ts';
import { createProxmoxSimulator } from '../../simulator/proxmox/index.ts';
import { serve } from '../../simulator/server.ts';
import { demoVms, reverseV4, reverseV6 } from './vms.ts';

export interface DemoWorld {
  /** Path of the YAML file. */
  readonly config: string;
  close(): Promise<void>;
}

/** Starts the simulated Proxmox VE and PowerDNS and writes the configuration that leads to them. */
export async function startWorld(folder: string, clock: Clock): Promise<DemoWorld> {
  const proxmox = createProxmoxSimulator({ clock, nodes: ['pve-waw1', 'pve-waw2'] });
  for (const { vmid, name, uuid, node, guestMs, backups } of demoVms) {
    proxmox.addVm({ vmid, name, uuid, node, running: true, guest: { shutdownMs: guestMs } });
    for (let day = 1; day <= backups; day += 1) proxmox.addBackup({ vmid, node, at: clock.now() - day * 86_400_000 });
  }
  proxmox.faults.add({
    method: 'DELETE',
    path: /\/qemu\/2005/,
    do: 'task-fails',
    reason: "storage 'local' is not online",
  });
  const token = proxmox.addToken({ id: 'vmctl@pve!cron' });
  const dns = createPowerdnsSimulator({ apiKey: 'demo-key', zones: demoZones() });
  const certificate = await makeCertificate();
  const servers = [await serve(proxmox.handle, { tls: certificate }), await serve(dns.handle)];
  const [pve, pdns] = servers.map(({ url }) => url);
  const ca = join(folder, 'pve-root-ca.pem');
  writeFileSync(ca, certificate.ca);
  const config = join(folder, 'vmctl.yaml');
  const zone = (name: string) =>
    `    - { zone: ${name}, provider: powerdns, url: '${pdns}', apiKey: demo-key, server: localhost }`;
  writeFileSync(
    config,
    [
      'clusters:',
      '  main:',
      `    endpoints: ['${pve}']`,
      `    token: '${token.id}=${token.secret}'`,
      `    tls: { ca: '${ca}' }`,
      'dns:',
      '  mainDomain: puqcloud.com',
      '  zones:',
      ...['puqcloud.com', reverseV4, reverseV6].map(zone),
      '',
    ].join('\n'),
  );
  return {
    config,
    async close() {
      await Promise.all(servers.map((server) => server.close()));
    },
  };
}

function demoZones(): Parameters<typeof createPowerdnsSimulator>[0]['zones'] {
  const record = (name: string, type: 'A' | 'AAAA' | 'PTR', content: string) => ({
    name: `${name}.`,
    type,
    ttl: 300,
    records: [content],
  });
  return {
    'puqcloud.com.': demoVms.flatMap(({ name, v4, v6 }) => [
      record(`${name}.puqcloud.com`, 'A', v4),
      ...(v6 === undefined ? [] : [record(`${name}.puqcloud.com`, 'AAAA', v6.address)]),
    ]),
    [`${reverseV4}.`]: demoVms.map(({ name, v4 }) =>
      record(`${v4.split('.').at(-1)}.${reverseV4}`, 'PTR', `${name}.puqcloud.com.`),
    ),
    [`${reverseV6}.`]: demoVms.flatMap(({ name, v6 }) =>
      v6 === undefined ? [] : [record(v6.reverse, 'PTR', `${name}.puqcloud.com.`)],
    ),
  };
}
