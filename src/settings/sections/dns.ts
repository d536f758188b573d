import { type Checking, check, elementsAt, reportWrong, valueAt } from '../check.ts';
import * as kind from '../kinds.ts';
import { zodPackage } from '../lazy.ts';
import { nearest } from '../names.ts';
import type { HestiacpZone, Settings, ZoneSettings } from '../types.ts';
import type { Path } from '../yaml-file.ts';
import { preset, tls, trust, value, word } from './fields.ts';

function zoneBase() {
  return {
    zone: value(kind.zoneName, 'Name of the zone; names as in RFC 2317 work'),
    ttl: preset(kind.whole({ min: 1, max: 2_147_483_647 }), 'TTL of the records in seconds', '300'),
    tls: tls(),
  };
}

/** A zone, below `dns.zones[]`, by its provider. */
export const zoneSchemas = {
  powerdns: () =>
    zodPackage().strictObject({
      provider: zodPackage().literal('powerdns'),
      ...zoneBase(),
      url: value(kind.url({ http: 'anywhere' }), 'The API, `http://127.0.0.1:8081`'),
      apiKey: value(word, 'Key of the API'),
      server: preset(word, 'Server id', 'localhost'),
    }),
  hestiacp: () =>
    zodPackage().strictObject({
      provider: zodPackage().literal('hestiacp'),
      ...zoneBase(),
      url: value(kind.url(), 'The panel, `https://host:8083`'),
      owner: value(word, 'User that owns the zone'),
      accessKey: value(word, 'Access key, with `secretKey`; or `username` and `password`').optional(),
      secretKey: value(word, 'Its secret').optional(),
      username: value(word, 'Administrator, with `password`').optional(),
      password: value(kind.text('a text'), 'Password of the administrator').optional(),
    }),
  cloudflare: () =>
    zodPackage().strictObject({
      provider: zodPackage().literal('cloudflare'),
      ...zoneBase(),
      url: preset(kind.url(), 'The API', 'https://api.cloudflare.com/client/v4'),
      zoneId: value(word, 'Id of the zone'),
      token: value(word, 'API token with DNS Write'),
    }),
};

/** `dns` around its zones. */
export function dnsSchema() {
  const z = zodPackage();
  return z.strictObject({
    mainDomain: value(kind.zoneName, 'Domain of the VMs: `<vm_name>.<mainDomain>`').optional(),
    zones: z.array(z.unknown(), 'a list').prefault([]),
  });
}

type HestiacpGiven = ReturnType<ReturnType<typeof zoneSchemas.hestiacp>['parse']>;

function hestiacpAuth(given: HestiacpGiven): HestiacpZone['auth'] | undefined {
  const { accessKey, secretKey, username, password } = given;
  const both = accessKey !== undefined || secretKey !== undefined;
  if (both && (username !== undefined || password !== undefined)) return undefined;
  if (accessKey !== undefined && secretKey !== undefined) return { kind: 'accessKey', accessKey, secretKey };
  return username !== undefined && password !== undefined ? { kind: 'password', username, password } : undefined;
}

function readHestiacp(checking: Checking, path: Path): HestiacpZone | undefined {
  const given = check(checking, zoneSchemas.hestiacp(), path);
  if (!given) return undefined;
  const auth = hestiacpAuth(given);
  if (!auth) reportWrong(checking, path, 'either accessKey and secretKey, or username and password');
  const { provider, zone, ttl, url, owner } = given;
  return auth && { provider, zone, ttl, url, owner, auth, tls: trust(checking, path, given.tls) };
}

function readZone(checking: Checking, path: Path): ZoneSettings | undefined {
  const provider = valueAt(checking.file.data, [...path, 'provider']);
  if (provider === 'hestiacp') return readHestiacp(checking, path);
  if (provider === 'powerdns' || provider === 'cloudflare') {
    const given = check<ZoneSettings>(checking, zoneSchemas[provider](), path);
    return given && { ...given, tls: trust(checking, path, given.tls) };
  }
  const known = Object.keys(zoneSchemas);
  const guess = typeof provider === 'string' ? nearest(provider, known) : undefined;
  reportWrong(checking, [...path, 'provider'], known.join(' | ') + (guess ? ` (did you mean ${guess}?)` : ''));
  return undefined;
}

/** The DNS part as far as it is right; what is wrong is reported. */
export function readDns(checking: Checking): Settings['dns'] {
  const given = valueAt(checking.file.data, ['dns']) == null ? undefined : check(checking, dnsSchema(), ['dns']);
  return {
    mainDomain: given?.mainDomain,
    zones: elementsAt(checking, ['dns', 'zones']).flatMap((path) => readZone(checking, path) ?? []),
  };
}
