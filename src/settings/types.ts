import type { OptionValues } from './table.ts';

/** How vmctl logs in at a cluster: an API token, or a user's password that is exchanged for a ticket. */
export type ProxmoxAuth =
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'ticket'; readonly username: string; readonly password: string };

/** What makes a server trusted: a CA file, or the SHA-256 of its certificate. Neither: the system's CAs. */
export interface TlsTrust {
  readonly ca?: string | undefined;
  readonly fingerprint?: string | undefined;
}

export interface ClusterSettings {
  readonly name: string;
  readonly endpoints: readonly string[];
  readonly auth: ProxmoxAuth;
  readonly tls: TlsTrust;
  readonly whmcsServerIds: readonly number[];
  /** `end` is exclusive. */
  readonly vmids: { readonly start: number; readonly end: number };
  readonly templates: readonly number[];
  readonly limits: {
    readonly requestsPerNode: number;
    readonly clonesPerNode: number;
    readonly destroysPerNode: number;
  };
}

interface ZoneBase {
  /** Lower case, no trailing dot. */
  readonly zone: string;
  readonly ttl: number;
  readonly tls: TlsTrust;
}
export interface PowerdnsZone extends ZoneBase {
  readonly provider: 'powerdns';
  readonly url: string;
  readonly apiKey: string;
  readonly server: string;
}
export interface HestiacpZone extends ZoneBase {
  readonly provider: 'hestiacp';
  readonly url: string;
  readonly owner: string;
  readonly auth:
    | { readonly kind: 'accessKey'; readonly accessKey: string; readonly secretKey: string }
    | { readonly kind: 'password'; readonly username: string; readonly password: string };
}
export interface CloudflareZone extends ZoneBase {
  readonly provider: 'cloudflare';
  readonly url: string;
  readonly zoneId: string;
  readonly token: string;
}
export type ZoneSettings = PowerdnsZone | HestiacpZone | CloudflareZone;

export interface PoolSettings {
  readonly name: string;
  readonly cluster: string;
  readonly bridge: string;
  readonly vlan: number;
  readonly first: string;
  readonly last: string;
  readonly prefix: number;
  readonly gateway: string;
  readonly nameservers: readonly string[];
}

export interface PackageSettings {
  readonly name: string;
  readonly whmcsProductId?: number | undefined;
  readonly template: number;
  readonly clone: 'linked' | 'full';
  readonly cores: number;
  /** MiB. */
  readonly memory: number;
  /** GiB; 0 keeps the template's size. */
  readonly disk: number;
  readonly ipv4: number;
  readonly ipv6: number;
  readonly bridge: string;
  readonly vlan: number;
  /** MB/s; 0 is unlimited. */
  readonly rate: number;
  readonly firewall: boolean;
}

/** Everything that can be set, checked and with defaults applied. The single values are described in `table.ts`. */
export interface Settings extends OptionValues {
  /** The YAML file that was read, if there is one. */
  readonly file: string | undefined;
  readonly clusters: readonly ClusterSettings[];
  readonly dns: { readonly mainDomain: string | undefined; readonly zones: readonly ZoneSettings[] };
  readonly pools: readonly PoolSettings[];
  readonly packages: readonly PackageSettings[];
}
