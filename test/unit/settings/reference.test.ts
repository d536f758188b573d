import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { redactedSettings } from '../../../src/settings/redacted.ts';
import { printReference } from '../../../src/settings/reference.ts';
import { optionKeys, rowOf } from '../../../src/settings/table.ts';
import { folderWith, load } from './folder.ts';

it('docs/configuration.md holds what `vmctl config reference` prints', () => {
  const page = readFileSync(new URL('../../../docs/configuration.md', import.meta.url), 'utf8');
  const [, reference] = /<!-- reference:begin -->\n\n([\s\S]*)\n<!-- reference:end -->/.exec(page) ?? [];
  expect(reference).toBe(printReference());
});

it('the reference names every option with its key and every key of the example', () => {
  const reference = printReference();
  for (const key of optionKeys) expect(reference).toContain(`| \`${rowOf(key).name}\``);
  for (const path of ['clusters.<name>.tls.fingerprint', 'dns.zones[].secretKey', 'pools[].range', 'packages[].rate']) {
    expect(reference).toContain(`| \`${path}\` `);
  }
});

it('redacted settings show no secret, but whose they are', () => {
  const yaml = [
    'settings: { databaseUrl: "mysql://vm:hidden-01@db/whmcs", pingUrl: "https://p/hidden-02", alertWebhookSecret: hidden-03 }',
    'clusters:',
    '  a: { endpoints: ["https://h:8006"], token: "root@pam!cron=hidden-04" }',
    '  b: { endpoints: ["https://h:8006"], username: root@pam, password: hidden-05 }',
    'dns:',
    '  zones:',
    '    - { zone: a.example, provider: powerdns, url: "http://h", apiKey: hidden-06 }',
    '    - { zone: a.example, provider: hestiacp, url: "https://h", owner: o, accessKey: hidden-07, secretKey: hidden-08 }',
    '    - { zone: a.example, provider: hestiacp, url: "https://h", owner: o, username: admin, password: hidden-09 }',
    '    - { zone: a.example, provider: cloudflare, zoneId: z, token: hidden-10 }',
  ].join('\n');
  const settings = load(folderWith({ 'config/vmctl.yaml': yaml }));
  expect(JSON.stringify(settings).match(/hidden-/g)).toHaveLength(10);
  const text = JSON.stringify(redactedSettings(settings));
  expect(text).not.toContain('hidden-');
  expect(text).toContain('mysql://vm:***@db/whmcs');
  expect(text).toContain('root@pam!cron=***');
});
