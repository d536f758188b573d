import type { HestiacpZone } from '../../../../src/settings/types.ts';
import {
  createHestiacpSimulator,
  type HestiacpOptions,
  type HestiacpRecord,
  type HestiacpSimulator,
} from '../../../../src/simulator/hestiacp.ts';
import { serve } from '../../../../src/simulator/server.ts';
import type { TestProvider } from './provider.ts';
import { zoneNames } from './suite.ts';

const accessKey = 'Access0Key0Of0Vmctl0';
const secretKey = 'secret-key-of-vmctl-with-40-characters-0';
const password = 'p!ss (wörd)';

export type HestiacpLogin = HestiacpZone['auth']['kind'];

export interface TestHestiacp extends TestProvider {
  readonly simulator: HestiacpSimulator;
  zone(name: string): HestiacpZone;
}

/** What a zone made from a template holds at least: HestiaCP keeps the last A and the last NS of a zone. */
const template: readonly HestiacpRecord[] = [
  { record: '@', type: 'NS', value: 'ns1.example.test.' },
  { record: '@', type: 'A', value: '198.51.100.1' },
];

/** A simulated HestiaCP with the zones of the suite. */
export async function startHestiacp(
  login: HestiacpLogin,
  options: Partial<HestiacpOptions> = {},
): Promise<TestHestiacp> {
  const zones = Object.fromEntries(zoneNames.map((name) => [name, template]));
  const simulator = createHestiacpSimulator({ accessKey, secretKey, password, zones, ...options });
  const { url, close } = await serve(simulator.handle);
  const auths = {
    accessKey: { kind: 'accessKey', accessKey, secretKey },
    password: { kind: 'password', username: 'admin', password },
  } as const;
  const wrong = {
    accessKey: { kind: 'accessKey', accessKey, secretKey: 'wrong-key-5678' },
    password: { kind: 'password', username: 'admin', password: 'wrong-key-5678' },
  } as const;
  const zone = (name: string): HestiacpZone => {
    return { provider: 'hestiacp', zone: name, url, owner: 'admin', auth: auths[login], ttl: 300, tls: {} };
  };
  return {
    simulator,
    url,
    zone,
    wrongKey: (settings) => ({ ...zone(settings.zone), url: settings.url, auth: wrong[login] }),
    async records(name) {
      const sets = Object.entries(simulator.zone(name).records()).filter(([key]) => !key.startsWith(`${name} `));
      return Object.fromEntries(sets.map(([key, values]) => [key, values.map((value) => value.replace(/\.$/, ''))]));
    },
    async put(name, full, type, ...contents) {
      const record = full.slice(0, -name.length - 1);
      for (const content of contents) {
        simulator.zone(name).add({ record, type, value: type === 'PTR' ? `${content}.` : content, ttl: '300' });
      }
    },
    writes: async () => simulator.log.filter(({ command }) => command !== 'v-list-dns-records').length,
    failure: 'Error: simulated failure\n',
    says: {
      wrongKey: /(Invalid secret key|authentication failed|PASSWORD).*HestiaCP code 9/,
      noZone: /^dns domain absent.test doesn't exist \(HestiaCP code 3\)/,
      failure: /simulated failure/,
    },
    stop: close,
  };
}
