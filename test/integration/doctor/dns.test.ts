import { afterAll, beforeAll, expect, it } from 'vitest';
import { createSite, type Site } from '../../support/site.ts';
import { examine } from './examine.ts';

let site: Site;
beforeAll(async () => {
  site = await createSite({
    database: 'sqlite',
    speed: 2,
    zones: ['example.com', '2.0.192.in-addr.arpa', '8.b.d.0.1.0.0.2.ip6.arpa'],
  });
});
afterAll(() => site.close());

const pools =
  (...ranges: string[]) =>
  (text: string) =>
    `${text}\npools:\n${ranges
      .map((range, index) => {
        const [first = ''] = range.split('-');
        return `  - { name: p${index + 1}, cluster: main, bridge: vmbr0, range: '${range}', prefix: 24, gateway: '${first}' }`;
      })
      .join('\n')}`;

it('reads every zone, and says what that tells about writing', async () => {
  const found = await examine(site, ['zones']);
  expect(found.wrong).toEqual([]);
  expect(found.about('[powerdns] example.com')).toEqual([
    'ok [powerdns] example.com: can be read; a key of its API may write as well',
  ]);
});

it('names a zone that its server does not have', async () => {
  const found = await examine(site, ['zones'], {
    yaml: (text) => text.replace('zone: example.com', 'zone: example.org'),
  });
  expect(found.wrong).toEqual([
    expect.stringMatching(
      /^failure \[powerdns\] example\.org: no zone example\.org on server localhost.* => create the zone there/,
    ),
  ]);
  expect(found.exitCode).toBe(2);
});

it('names a zone whose key is refused', async () => {
  const found = await examine(site, ['zones'], {
    yaml: (text) => text.replace(/(zone: example\.com.*apiKey: ')[^']*/, '$1wrong-key'),
  });
  expect(found.wrong).toEqual([
    expect.stringMatching(/^failure \[powerdns\] example\.com: .*401.* => check the apiKey of the zone example\.com/),
  ]);
});

it('names a server that does not answer, and still asks the others', async () => {
  const found = await examine(site, ['zones'], {
    yaml: (text) => text.replace(/(zone: example\.com.*url: ')[^']*/, '$1http://127.0.0.1:1'),
  });
  expect(found.wrong).toEqual([
    expect.stringMatching(/^failure \[powerdns\] example\.com: no answer from http:\/\/127\.0\.0\.1:1/),
  ]);
  expect(found.findings.filter(({ state }) => state === 'ok')).toHaveLength(2);
});

it('warns of zones that match nothing', async () => {
  const found = await examine(site, ['zone coverage'], {
    yaml: (text) =>
      pools('198.51.100.2-198.51.100.9')(text.replace('mainDomain: example.com', 'mainDomain: example.net')),
  });
  expect(found.wrong).toEqual([
    expect.stringMatching(/^warning example\.com: the main domain example\.net is not in it/),
    expect.stringMatching(/^warning 2\.0\.192\.in-addr\.arpa: no address of any pool is in it => correct its name/),
    expect.stringMatching(/^warning 8\.b\.d\.0\.1\.0\.0\.2\.ip6\.arpa: no address of any pool/),
    expect.stringMatching(/^warning pool p1: its addresses are in no reverse zone => add its reverse zone/),
  ]);
  expect(found.exitCode).toBe(0);
});

it('knows which pools a reverse zone covers: IPv4, IPv6, a part, a classless zone', async () => {
  const good = await examine(site, ['zone coverage'], {
    yaml: pools('192.0.2.2-192.0.2.9', '2001:db8::2-2001:db8::ffff'),
  });
  expect(good.wrong).toEqual([]);
  const part = await examine(site, ['zone coverage'], {
    yaml: pools('192.0.2.250-192.0.3.5', '2001:db8::2-2001:db8::3'),
  });
  expect(part.wrong).toEqual([
    expect.stringMatching(/^warning pool p1: a part of its addresses is in no reverse zone/),
  ]);
  const classless = (zone: string) => (text: string) =>
    pools(
      '192.0.2.130-192.0.2.140',
      '2001:db8::2-2001:db8::3',
    )(text.replace('zone: 2.0.192.in-addr.arpa', `zone: ${zone}`));
  for (const zone of ['128-255.2.0.192.in-addr.arpa', '128/25.2.0.192.in-addr.arpa'])
    expect((await examine(site, ['zone coverage'], { yaml: classless(zone) })).wrong).toEqual([]);
  const wrong = await examine(site, ['zone coverage'], { yaml: classless('0/25.2.0.192.in-addr.arpa') });
  expect(wrong.wrong).toHaveLength(2);
});
