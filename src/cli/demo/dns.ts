import type { Clock } from '../../base/clock.ts';
import { createCloudflareSimulator } from '../../simulator/cloudflare.ts';
import { createHestiacpSimulator } from '../../simulator/hestiacp.ts';
import { createPowerdnsSimulator } from '../../simulator/powerdns.ts';
import { type RunningServer, serve } from '../../simulator/server.ts';
import { demoVms, domain, reverseV4, reverseV6 } from './vms.ts';

interface DemoRecord {
  readonly name: string;
  readonly type: 'A' | 'AAAA' | 'PTR';
  readonly content: string;
}

export interface DemoDns {
  readonly servers: readonly RunningServer[];
  /** The zones in the YAML file, one a line. */
  readonly zones: readonly string[];
}

/** Starts a simulated HestiaCP, PowerDNS and Cloudflare with the records of the VMs: the forward zone at two of them. */
export async function startDns(clock: Clock): Promise<DemoDns> {
  const hestiacp = createHestiacpSimulator({
    accessKey: 'DemoAccessKey0000000',
    secretKey: 'demo-secret-key',
    zones: {
      [domain]: [
        { record: '@', type: 'A', value: '192.168.130.2' },
        ...forward().map(({ name, type, content }) => ({ record: name, type, value: content, ttl: '300' })),
      ],
    },
    clock,
  });
  const powerdns = createPowerdnsSimulator({
    apiKey: 'demo-key',
    zones: {
      [domain]: forward().map((record) => toSet(domain, record)),
      [reverseV4]: demoVms.map(({ name, v4 }) => {
        const last = v4.split('.').at(-1) ?? '';
        return toSet(reverseV4, { name: last, type: 'PTR', content: `${name}.${domain}.` });
      }),
    },
    clock,
  });
  const reverse = demoVms.flatMap(({ name, v6 }) =>
    v6 === undefined ? [] : [{ name: v6.reverse, type: 'PTR', content: `${name}.${domain}`, ttl: 300 }],
  );
  const cloudflare = createCloudflareSimulator({
    token: 'demo-token',
    zones: { abc: { name: reverseV6, records: reverse } },
    clock,
  });
  const [panel, pdns, cloud] = [
    await serve(hestiacp.handle),
    await serve(powerdns.handle),
    await serve(cloudflare.handle),
  ];
  const atPowerdns = `provider: powerdns, url: '${pdns.url}', apiKey: demo-key`;
  return {
    servers: [panel, pdns, cloud],
    zones: [
      `{ zone: ${domain}, provider: hestiacp, url: '${panel.url}', accessKey: DemoAccessKey0000000, secretKey: demo-secret-key, owner: admin }`,
      `{ zone: ${domain}, ${atPowerdns} }`,
      `{ zone: ${reverseV4}, ${atPowerdns} }`,
      `{ zone: ${reverseV6}, provider: cloudflare, url: '${cloud.url}/client/v4', zoneId: abc, token: demo-token }`,
    ],
  };
}

/** Names relative to the zone. */
function forward(): DemoRecord[] {
  return demoVms.flatMap(({ name, v4, v6 }): DemoRecord[] => [
    { name, type: 'A', content: v4 },
    ...(v6 === undefined ? [] : [{ name, type: 'AAAA' as const, content: v6.address }]),
  ]);
}

function toSet(zone: string, { name, type, content }: DemoRecord) {
  return { name: `${name}.${zone}`, type, ttl: 300, records: [content] };
}
