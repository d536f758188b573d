import { type Item, text } from './readers.ts';

/** A VM's configuration: every value as text, as in its file; absent means the default. Booleans are `1` and `0`. */
export type VmConfig = Readonly<Record<string, string>>;

/** From the API's answer, in which the same key is a number in one version and a string in another. */
export function readConfig(answer: Item): VmConfig {
  const config: Record<string, string> = {};
  for (const key of Object.keys(answer)) {
    const value = text(answer, key);
    if (value !== undefined) config[key] = value;
  }
  return config;
}

/** From a configuration file as kept in a backup; snapshots in it are left out. */
export function parseConfig(file: string): VmConfig {
  const config: Record<string, string> = {};
  for (const line of file.split('\n')) {
    if (line.startsWith('[')) break;
    const [, key, value] = /^([a-z][a-z0-9_-]*):\s*(.*?)\s*$/i.exec(line) ?? [];
    if (key !== undefined && value !== undefined) config[key] = value;
  }
  return config;
}

/** The smbios uuid, lower case. Proxmox makes a new one for every clone. */
export function uuidOf(config: VmConfig): string | undefined {
  return /(?:^|,)uuid=([0-9a-f-]{36})(?:,|$)/i.exec(config.smbios1 ?? '')?.[1]?.toLowerCase();
}
