import { type Address, parseAddress } from '../../../src/dns/addresses.ts';
import type { CloudflareZone, HestiacpZone, PowerdnsZone } from '../../../src/settings/types.ts';

export function address(text: string): Address {
  const parsed = parseAddress(text);
  if (parsed === undefined) throw new Error(`no address: ${text}`);
  return parsed;
}

export function powerdnsZone(zone: string, url = 'http://127.0.0.1:8081'): PowerdnsZone {
  return { provider: 'powerdns', zone, url, apiKey: 'key', server: 'localhost', ttl: 300, tls: {} };
}

export function hestiacpZone(zone: string): HestiacpZone {
  const auth = { kind: 'accessKey', accessKey: 'access', secretKey: 'secret' } as const;
  return {
    provider: 'hestiacp',
    zone,
    url: 'https://hestia.example.com:8083',
    owner: 'admin',
    auth,
    ttl: 300,
    tls: {},
  };
}

export function cloudflareZone(zone: string): CloudflareZone {
  const url = 'https://api.cloudflare.com/client/v4';
  return { provider: 'cloudflare', zone, url, zoneId: 'abc', token: 'token', ttl: 300, tls: {} };
}
