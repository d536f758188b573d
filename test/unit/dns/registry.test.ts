import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { openZone } from '../../../src/dns/registry.ts';
import { cloudflareZone, hestiacpZone } from './fixtures.ts';

const nothing = () => Promise.reject(new Error('nothing is sent'));

test.each([hestiacpZone('example.com'), cloudflareZone('example.com')])(
  'opening a zone of $provider says that this version has no such provider',
  async (zone) => {
    const error = `no provider ${zone.provider} in this version`;
    await expect(openZone(zone, nothing)).rejects.toMatchObject({ kind: 'permanent', message: error });
  },
);

test('having DNS at hand loads neither the HTTP client nor a provider', () => {
  const script = `
    import { registerHooks } from 'node:module';
    const loaded = [];
    registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) });
    await import('./src/dns/removal.ts');
    const { createDnsPorts } = await import('./src/dns/ports.ts');
    createDnsPorts({ clock: { now: () => 0, monotonic: () => 0, sleep: async () => {} } });
    console.log(JSON.stringify(loaded));`;
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  expect(output).toContain('src/dns/removal.ts');
  expect(output).not.toMatch(/node_modules\/(got|zod)\/|dns\/providers/);
});
