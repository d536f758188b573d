import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { folderWith, load, problemsIn } from './folder.ts';

const variables = {
  PVE_MAIN_TOKEN: 'vmctl@pve!cron=11111111-2222',
  H_ACCESS: 'ACCESSKEY1',
  H_SECRET: 'SECRETKEY1',
  PDNS_KEY: 'pdns-key-1',
  CF_TOKEN: 'cf-token-1',
};
const example = readFileSync(new URL('../../../config/vmctl.example.yaml', import.meta.url), 'utf8');
const auth = 'endpoints: ["https://pve1:8006"], token: "a@pam!b=abcd-secret"';

describe('config/vmctl.example.yaml', () => {
  it('is right, and .env.example sets every variable of it', () => {
    const dotenv = readFileSync(new URL('../../../.env.example', import.meta.url), 'utf8');
    const settings = load(folderWith({ 'config/vmctl.yaml': example, '.env': dotenv }));
    expect(settings.massTerminateLimit).toBe(50);
    expect(settings.databaseUrl).toMatch(/^mysql:/);
  });

  it('is read into what the program uses', () => {
    const settings = load(folderWith({ 'config/vmctl.yaml': example }), variables);
    expect(settings.clusters).toEqual([
      {
        name: 'main',
        endpoints: ['https://pve1.example.com:8006', 'https://pve2.example.com:8006'],
        auth: { kind: 'token', token: variables.PVE_MAIN_TOKEN },
        tls: { ca: '/etc/vmctl/pve-root-ca.pem' },
        whmcsServerIds: [3],
        vmids: { start: 1000, end: 9999 },
        templates: [9000],
        limits: { requestsPerNode: 4, clonesPerNode: 2, destroysPerNode: 4 },
      },
    ]);
    expect(settings.dns.mainDomain).toBe('puqcloud.com');
    expect(settings.dns.zones).toEqual([
      {
        ...{ zone: 'puqcloud.com', provider: 'hestiacp', url: 'https://hestia.example.com:8083', owner: 'admin' },
        ...{ ttl: 300, tls: {}, auth: { kind: 'accessKey', accessKey: 'ACCESSKEY1', secretKey: 'SECRETKEY1' } },
      },
      {
        ...{ zone: '130.168.192.in-addr.arpa', provider: 'powerdns', url: 'http://127.0.0.1:8081', ttl: 300, tls: {} },
        ...{ apiKey: 'pdns-key-1', server: 'localhost' },
      },
      {
        ...{
          zone: 'example.com',
          provider: 'cloudflare',
          url: 'https://api.cloudflare.com/client/v4',
          ttl: 300,
          tls: {},
        },
        ...{ zoneId: 'abc', token: 'cf-token-1' },
      },
    ]);
    expect(settings.pools).toEqual([
      {
        ...{ name: 'v4', cluster: 'main', bridge: 'vmbr0', vlan: 100, first: '192.168.130.2', last: '192.168.130.30' },
        ...{ prefix: 24, gateway: '192.168.130.1', nameservers: ['192.168.130.1'] },
      },
    ]);
    expect(settings.packages).toEqual([
      {
        ...{ name: 'kvm-s', whmcsProductId: 12, template: 9000, clone: 'linked', cores: 2, memory: 2048, disk: 20 },
        ...{ ipv4: 1, ipv6: 1, bridge: 'vmbr0', vlan: 100, rate: 12.5, firewall: true },
      },
    ]);
  });
});

describe('clusters', () => {
  it('take their VMID range and templates from the options and packages where they name none', () => {
    const yaml = `clusters: { a: { ${auth}, templates: [9000] } }\npackages: [{ name: p, cores: 1, memory: 512, bridge: vmbr0, template: 9001 }]`;
    const env = { VM_ID_START: '2000', VM_ID_END: '3000', PROXMOX_TEMPLATE_ID: '9002' };
    expect(load(folderWith({ 'config/vmctl.yaml': yaml }), env).clusters[0]).toMatchObject({
      vmids: { start: 2000, end: 3000 },
      templates: [9000, 9001, 9002],
      limits: { requestsPerNode: 4, clonesPerNode: 2, destroysPerNode: 4 },
    });
  });

  it('take a CA file from the folder of the YAML file', () => {
    const cwd = folderWith({ 'config/vmctl.yaml': `clusters: { a: { ${auth}, tls: { ca: ca.pem } } }` });
    expect(load(cwd).clusters[0]?.tls.ca).toBe(join(cwd, 'config/ca.pem'));
  });

  it('may be reached without TLS on this machine', () => {
    const yaml = 'clusters: { a: { endpoints: ["http://127.0.0.1:1"], token: "a@pam!b=abcd-secret" } }';
    expect(load(folderWith({ 'config/vmctl.yaml': yaml })).clusters[0]?.endpoints).toEqual(['http://127.0.0.1:1']);
  });

  it('may log in with a user and a password', () => {
    const yaml = 'clusters: { a: { endpoints: ["https://h:8006/"], username: root@pam, password: geheim } }';
    const [cluster] = load(folderWith({ 'config/vmctl.yaml': yaml })).clusters;
    expect(cluster?.auth).toEqual({ kind: 'ticket', username: 'root@pam', password: 'geheim' });
    expect(cluster?.endpoints).toEqual(['https://h:8006']);
  });

  it('are told of every mistake at once, with its line', () => {
    const yaml = [
      'clusters:',
      '  a:',
      '    endpoints:',
      '      - https://ok:8006',
      '      - http://pve2:8006',
      '    token: root@pam',
      '    tls: { fingerprint: "AA:BB" }',
      '    whmcsServerIds: [3]',
      '    limits: { clonesPerNode: 0, clonePerNode: 1 }',
      '  b:',
      `    { ${auth}, whmcsServerIds: [3], vmids: { start: 200, end: 200 } }`,
      '  c:',
      `    { ${auth}, whmcsServerIds: [4, 3] }`,
    ].join('\n');
    expect(problemsIn(yaml)).toEqual([
      'config/vmctl.yaml:5: clusters.a.endpoints[1]: found "http://pve2:8006", expected a URL, https:// (http:// only on this machine)',
      'config/vmctl.yaml:6: clusters.a.token: found ***, expected an API token user@realm!id=secret',
      'config/vmctl.yaml:7: clusters.a.tls.fingerprint: found "AA:BB", expected a SHA-256 fingerprint, 32 pairs of hex digits as in AA:BB:…',
      'config/vmctl.yaml:9: clusters.a.limits.clonesPerNode: found 0, expected a whole number, 1 to 100',
      'config/vmctl.yaml:9: clusters.a.limits.clonePerNode: unknown key, did you mean "clonesPerNode"?',
      'config/vmctl.yaml:11: clusters.b.vmids: found a map, expected a VMID range with its start below its end (it is 200 to 200)',
      'config/vmctl.yaml:13: clusters.c.whmcsServerIds[1]: found 3, expected a server of no other cluster (b has it)',
    ]);
  });

  it.each([
    ['nothing to log in with', 'endpoints: ["https://h:8006"]'],
    ['a user without a password', 'endpoints: ["https://h:8006"], username: root@pam'],
    ['two ways to log in', `${auth}, username: root@pam, password: abcdef`],
    ['no entry point', 'endpoints: [], token: "a@pam!b=abcd-secret"'],
    ['two ways to trust', `${auth}, tls: { ca: x, fingerprint: "${Array(32).fill('ab').join(':')}" }`],
  ])('may not have %s', (_, fields) => {
    expect(problemsIn(`clusters: { a: { ${fields} } }`)).toHaveLength(1);
  });

  it('may not have a name that VM ids could not carry', () => {
    expect(problemsIn(`clusters: { a/b: { ${auth} } }`)[0]).toMatch(
      /^config\/vmctl.yaml:1: clusters: found the name "a\/b"/,
    );
  });
});

describe('dns zones', () => {
  it('lose upper case, the trailing dot and the slash of their URL', () => {
    const yaml =
      'dns: { zones: [{ zone: 0/25.3.0.192.IN-ADDR.ARPA., provider: powerdns, url: "http://h:8081/", apiKey: abcd }] }';
    expect(load(folderWith({ 'config/vmctl.yaml': yaml })).dns.zones[0]).toMatchObject({
      zone: '0/25.3.0.192.in-addr.arpa',
      url: 'http://h:8081',
    });
  });

  it('may have one name several times', () => {
    const zone = '{ zone: a.example, provider: powerdns, url: "http://h:8081", apiKey: abcd }';
    expect(load(folderWith({ 'config/vmctl.yaml': `dns: { zones: [${zone}, ${zone}] }` })).dns.zones).toHaveLength(2);
  });

  it('need a known provider', () => {
    expect(problemsIn('dns:\n  zones:\n    - zone: a\n      provider: powerdsn\n    - zone: b\n')).toEqual([
      'config/vmctl.yaml:4: dns.zones[0].provider: found "powerdsn", expected powerdns | hestiacp | cloudflare (did you mean powerdns?)',
      'config/vmctl.yaml:5: dns.zones[1].provider: found nothing, expected powerdns | hestiacp | cloudflare',
    ]);
  });

  it('of HestiaCP need one complete way to log in', () => {
    const zone = 'zone: a.example, provider: hestiacp, url: "https://h:8083", owner: admin';
    expect(problemsIn(`dns: { zones: [{ ${zone}, accessKey: abcdef }] }`)).toEqual([
      'config/vmctl.yaml:1: dns.zones[0]: found a map, expected either accessKey and secretKey, or username and password',
    ]);
    const yaml = `dns: { zones: [{ ${zone}, username: admin, password: geheim }] }`;
    const [first] = load(folderWith({ 'config/vmctl.yaml': yaml })).dns.zones;
    expect(first).toMatchObject({ auth: { kind: 'password', username: 'admin', password: 'geheim' } });
  });

  it('do not show a key that is no text', () => {
    const zone = '{ zone: a.example, provider: powerdns, url: "http://h", apiKey: 12345678 }';
    expect(problemsIn(`dns: { zones: [${zone}] }`)).toEqual([
      'config/vmctl.yaml:1: dns.zones[0].apiKey: found ***, expected a text without blanks (in quotes)',
    ]);
  });
});

describe('pools', () => {
  const pool = (fields: string) =>
    `clusters: { main: { ${auth} } }\npools:\n  - { name: p, cluster: main, bridge: vmbr0, ${fields} }\n`;

  it('write IPv6 as RFC 5952 says', () => {
    const yaml = pool(
      'range: 2001:0DB8:0::10-2001:db8::FF, prefix: 64, gateway: "FE80::1", nameservers: ["2001:DB8:0:0:0:0:0:1"]',
    );
    expect(load(folderWith({ 'config/vmctl.yaml': yaml })).pools[0]).toMatchObject({
      first: '2001:db8::10',
      last: '2001:db8::ff',
      gateway: 'fe80::1',
      nameservers: ['2001:db8::1'],
      vlan: 0,
    });
  });

  it.each([
    ['descends', 'range', 'range: 10.0.0.9-10.0.0.2, prefix: 24, gateway: 10.0.0.1'],
    ['mixes families', 'range', 'range: "10.0.0.9-2001:db8::1", prefix: 24, gateway: 10.0.0.1'],
    ['has an octal address', 'range', 'range: 10.0.0.010-10.0.0.11, prefix: 24, gateway: 10.0.0.1'],
    ['is one address', 'range', 'range: 10.0.0.9, prefix: 24, gateway: 10.0.0.1'],
    ['has a gateway of another family', 'gateway', 'range: 10.0.0.2-10.0.0.9, prefix: 24, gateway: "fe80::1"'],
    ['has an IPv6 prefix', 'prefix', 'range: 10.0.0.2-10.0.0.9, prefix: 64, gateway: 10.0.0.1'],
    [
      'has a name as its nameserver',
      'nameservers[0]',
      'range: 10.0.0.2-10.0.0.9, prefix: 24, gateway: 10.0.0.1, nameservers: [ns1]',
    ],
  ])('are refused when one %s', (_, key, fields) => {
    expect(problemsIn(pool(fields))).toEqual([expect.stringContaining(`config/vmctl.yaml:3: pools[0].${key}: found `)]);
  });

  it('belong to a cluster that there is', () => {
    const yaml = pool('range: 10.0.0.2-10.0.0.9, prefix: 24, gateway: 10.0.0.1').replace(
      'cluster: main',
      'cluster: mian',
    );
    expect(problemsIn(yaml)).toEqual([
      'config/vmctl.yaml:3: pools[0].cluster: found "mian", expected the name of a cluster (main); did you mean "main"?',
    ]);
  });
});

describe('packages', () => {
  it('have names and WHMCS products of their own, and a template', () => {
    const fields = 'cores: 1, memory: 512, bridge: vmbr0';
    const yaml = [
      'packages:',
      `  - { name: a, whmcsProductId: 1, template: 9000, ${fields} }`,
      `  - { name: a, whmcsProductId: 1, template: 9000, ${fields} }`,
      `  - { name: b, ${fields} }`,
    ].join('\n');
    expect(problemsIn(yaml)).toEqual([
      'config/vmctl.yaml:3: packages[1].name: found "a", expected a name that no other one of packages has',
      'config/vmctl.yaml:3: packages[1].whmcsProductId: found 1, expected a whmcsProductId that no other one of packages has',
      'config/vmctl.yaml:4: packages[2].template: found nothing, expected a whole number, 100 to 999999999, or PROXMOX_TEMPLATE_ID to be set',
    ]);
  });
});
