import { createRequire } from 'node:module';

const load = createRequire(import.meta.url);

export type Yaml = typeof import('yaml');
export type Zod = typeof import('zod');
export type IpAddr = typeof import('ipaddr.js');

// Loaded where they are first needed and not before: without a YAML file a tick starts without them.

export function yamlPackage(): Yaml {
  return load('yaml');
}

export function zodPackage(): Zod {
  return load('zod');
}

export function ipaddrPackage(): IpAddr {
  return load('ipaddr.js');
}
