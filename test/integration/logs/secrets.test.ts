import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createSite, type Site } from '../../support/site.ts';

/** Everything that a run writes: output, errors, JSON, the YAML-free tables. */
let site: Site;
let secrets: string[];
let outputs: string[];

beforeAll(async () => {
  site = await createSite({ zones: ['example.com', '2.0.192.in-addr.arpa'], env: { MODULE_LOG: 'all' } });
  const yaml = readFileSync(site.config, 'utf8');
  const [, token = ''] = /token: '[^=]+=([^']+)'/.exec(yaml) ?? [];
  secrets = [token, site.dns.apiKey, 'db-Passw0rd-4711', 'a-hook-Secret-4711'];
  await site.addVm({ vm: { vmid: 2003 }, addresses: ['192.0.2.10'], service: { id: 1, userid: 7 } });
  await site.addVm({ vm: { vmid: 2004, protection: true }, service: { id: 2, userid: 7 } });
  await site.addVm({ vm: { vmid: 2005, running: false }, addresses: ['192.0.2.11'], service: { id: 3, userid: 7 } });
  site.proxmox.faults.add({
    method: 'DELETE',
    path: /\/qemu\/2005/,
    do: 'status',
    status: 500,
    reason: `denied for ${token}`,
  });
  site.proxmox.addBackup({ vmid: 2003, at: Date.now() - 86_400_000, protected: true });
  outputs = [];
  const run = async (args: string[], env?: Record<string, string>) => {
    const { stdout, stderr } = await site.vmctl(args, { ALERT_WEBHOOK_SECRET: 'a-hook-Secret-4711', ...env });
    outputs.push(`$ ${args.join(' ')}\n${stdout}${stderr}`);
  };
  await run(['cron', '--verbose']);
  const broken = site.databaseUrl.replace('root@', 'nobody:db-Passw0rd-4711@');
  await run(['cron', '--verbose'], { VMCTL_DATABASE_URL: broken });
  for (const args of [
    ['list', '--json'],
    ['show', '3', '--json'],
    ['log', '3', '--json'],
    ['config', 'check', '--json'],
    ['doctor', '--json'],
  ]) {
    await run(args);
    await run(args, { VMCTL_DATABASE_URL: broken });
  }
}, 240_000);
afterAll(() => site.close());

it('the run really was full of errors', () => {
  expect(outputs.join('\n')).toMatch(/denied for \*\*\*/);
  expect(outputs.join('\n')).toMatch(/Access denied/);
});

it('no output of any command shows a secret of the configuration', () => {
  for (const secret of secrets) for (const output of outputs) expect(output).not.toContain(secret);
});

it('no table has a secret of the configuration in it', async () => {
  const [tables] = await site.db.knex.raw('SHOW TABLES');
  const names: string[] = tables.map((row: Record<string, string>) => Object.values(row)[0]);
  expect(names).toContain('tblmodulelog');
  for (const table of names) {
    const text = JSON.stringify(await site.db.knex(table));
    for (const secret of secrets) expect(text, table).not.toContain(secret);
  }
});
