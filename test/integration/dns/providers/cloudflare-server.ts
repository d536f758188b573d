import type { CloudflareZone } from '../../../../src/settings/types.ts';
import {
  type CloudflareOptions,
  type CloudflareSimulator,
  createCloudflareSimulator,
} from '../../../../src/simulator/cloudflare.ts';
import { serve } from '../../../../src/simulator/server.ts';
import type { TestProvider } from './provider.ts';
import { zoneNames } from './suite.ts';

const token = 'cloudflare-token-of-vmctl';

export interface TestCloudflare extends TestProvider {
  readonly simulator: CloudflareSimulator;
  zone(name: string): CloudflareZone;
}

/** A simulated Cloudflare with the zones of the suite; a zone's id is `id-of-<name>`. */
export async function startCloudflare(options: Partial<CloudflareOptions> = {}): Promise<TestCloudflare> {
  const zones = Object.fromEntries(zoneNames.map((name) => [`id-of-${name}`, { name }]));
  const simulator = createCloudflareSimulator({ token, zones, ...options });
  const { url, close } = await serve(simulator.handle);
  const zone = (name: string): CloudflareZone => {
    const zoneId = `id-of-${name}`;
    return { provider: 'cloudflare', zone: name, url: `${url}/client/v4`, zoneId, token, ttl: 300, tls: {} };
  };
  return {
    simulator,
    url,
    zone,
    wrongKey: (settings) => ({ ...zone(settings.zone), url: settings.url, token: 'wrong-key-5678' }),
    records: async (name) => simulator.zone(`id-of-${name}`).records(),
    async put(name, full, type, ...contents) {
      for (const content of contents) simulator.zone(`id-of-${name}`).add({ name: full, type, content, ttl: 300 });
    },
    writes: async () => simulator.log.filter(({ method }) => method === 'POST').length,
    failure: '{"result":null,"success":false,"errors":[{"code":1,"message":"simulated failure"}],"messages":[]}',
    says: {
      wrongKey: /Invalid access token \(Cloudflare code 9109\)/,
      noZone: /^no zone with the id id-of-absent.test/,
      failure: /simulated failure \(Cloudflare code 1\)/,
    },
    stop: close,
  };
}
