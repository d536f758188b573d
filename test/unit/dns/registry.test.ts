import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { openZone } from '../../../src/dns/registry.ts';
import { cloudflareZone, hestiacpZone, powerdnsZone } from './fixtures.ts';

test.each([powerdnsZone('example.com'), hestiacpZone('example.com'), cloudflareZone('example.com')])(
  'opening a zone of $provider sends nothing',
  async (zone) => {
    const send = () => Promise.reject(new Error('nothing is sent'));
    await expect(openZone(zone, { send, clock: systemClock })).resolves.toMatchObject({ read: expect.any(Function) });
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
