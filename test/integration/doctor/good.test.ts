import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createSite, type Site } from '../../support/site.ts';

const document = z.object({
  healthy: z.boolean(),
  findings: z.array(
    z.object({
      check: z.string(),
      subject: z.string(),
      state: z.enum(['ok', 'warning', 'failure']),
      found: z.string(),
      cure: z.string().optional(),
    }),
  ),
});

describe.each(['mysql', 'sqlite'] as const)('vmctl doctor on a good site with %s', (database) => {
  let site: Site;
  beforeAll(async () => {
    site = await createSite({
      database,
      speed: 2,
      zones: ['example.com', '2.0.192.in-addr.arpa'],
      yaml: [
        'pools:',
        '  - { name: v4, cluster: main, bridge: vmbr0, range: 192.0.2.10-192.0.2.20, prefix: 24, gateway: 192.0.2.1 }',
        'packages:',
        '  - { name: kvm-s, template: 9000, cores: 1, memory: 512, bridge: vmbr0 }',
        // So that no template is inside the range.
        'settings: { vmIdEnd: 8999 }',
      ].join('\n'),
    });
    site.proxmox.addVm({ vmid: 9000, name: 'debian', template: true });
  });
  afterAll(() => site.close());

  it('finds nothing wrong, exits 0, and tells each check in one line', async () => {
    const { code, stdout, stderr } = await site.vmctl(['doctor']);
    expect(stderr).toBe('');
    expect(stdout.split('\n').filter((line) => !line.startsWith('OK   '))).toEqual([
      expect.stringMatching(/^0 failed, 0 warnings, \d+ fine$/),
      '',
    ]);
    expect(code).toBe(0);
  });

  it('prints one document with every finding where --json is given', async () => {
    const { code, stdout } = await site.vmctl(['doctor', '--json']);
    const { healthy, findings } = document.parse(JSON.parse(stdout));
    expect(healthy).toBe(true);
    expect([...new Set(findings.map(({ check }) => check))]).toEqual(
      expect.arrayContaining(['database', 'installation', 'entry points', 'rights', 'clocks', 'zones', 'files']),
    );
    expect(findings.every(({ found }) => found !== '')).toBe(true);
    expect(code).toBe(0);
  });

  it('changes nothing anywhere: only readings reach Proxmox, and no serial of a zone grows', async () => {
    const serial = await site.dns.zone('example.com').serial();
    const before = site.proxmox.log.length;
    const config = readFileSync(site.config, 'utf8');
    await site.vmctl(['doctor']);
    const sent = site.proxmox.log.slice(before);
    expect(sent.length).toBeGreaterThan(5);
    expect(new Set(sent.map(({ method }) => method))).toEqual(new Set(['GET']));
    expect(await site.dns.zone('example.com').serial()).toBe(serial);
    expect(readFileSync(site.config, 'utf8')).toBe(config);
  });

  it('shows no secret', async () => {
    const { stdout } = await site.vmctl(['doctor', '--json']);
    for (const secret of [site.dns.apiKey, site.proxmox.world.tokens['vmctl@pve!cron']?.secret ?? ''])
      expect(stdout).not.toContain(secret);
  });
});
