import type { PowerdnsZone } from '../../../../src/settings/types.ts';
import { startPowerdns } from '../../../support/powerdns.ts';
import type { TestProvider } from './provider.ts';
import { describeProvider, zoneNames } from './suite.ts';

describeProvider('a real PowerDNS', async (): Promise<TestProvider> => {
  const real = await startPowerdns({ zones: zoneNames });
  const zone = (name: string): PowerdnsZone => {
    const { url, apiKey } = real;
    return { provider: 'powerdns', zone: name, url, apiKey, server: 'localhost', ttl: 300, tls: {} };
  };
  return {
    url: real.url,
    zone,
    wrongKey: (settings) => ({ ...zone(settings.zone), url: settings.url, apiKey: 'wrong-key-5678' }),
    async records(name) {
      const sets = Object.entries(await real.zone(name).records());
      return Object.fromEntries(sets.map(([key, contents]) => [key, contents.map((text) => text.replace(/\.$/, ''))]));
    },
    put(name, full, type, ...contents) {
      const records = contents.map((content) => ({ content: type === 'PTR' ? `${content}.` : content }));
      return real.zone(name).put({ name: `${full}.`, type, ttl: 300, records });
    },
    async writes() {
      const serials = await Promise.all(zoneNames.map((name) => real.zone(name).serial()));
      return serials.reduce((sum, serial) => sum + serial, 0);
    },
    failure: '{"error":"simulated failure"}',
    says: {
      wrongKey: /Unauthorized/,
      noZone: /^no zone absent.test on server localhost/,
      failure: /simulated failure/,
    },
    stop: () => real.stop(),
  };
});
