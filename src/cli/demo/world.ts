import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { makeCertificate } from '../../simulator/certificate.ts';
import { createProxmoxSimulator } from '../../simulator/proxmox/index.ts';
import { serve } from '../../simulator/server.ts';
import { startDns } from './dns.ts';
import { demoVms, domain } from './vms.ts';

export interface DemoWorld {
  /** Path of the YAML file. */
  readonly config: string;
  close(): Promise<void>;
}

/** Starts the simulated Proxmox VE and DNS servers and writes the configuration that leads to them. */
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
  const certificate = await makeCertificate();
  const pve = await serve(proxmox.handle, { tls: certificate });
  const dns = await startDns(clock);
  const ca = join(folder, 'pve-root-ca.pem');
  writeFileSync(ca, certificate.ca);
  const config = join(folder, 'vmctl.yaml');
  writeFileSync(
    config,
    [
      'clusters:',
      '  main:',
      `    endpoints: ['${pve.url}']`,
      `    token: '${token.id}=${token.secret}'`,
      `    tls: { ca: '${ca}' }`,
      'dns:',
      `  mainDomain: ${domain}`,
      '  zones:',
      ...dns.zones.map((zone) => `    - ${zone}`),
      '',
    ].join('\n'),
  );
  return {
    config,
    async close() {
      await Promise.all([pve, ...dns.servers].map((server) => server.close()));
    },
  };
}
