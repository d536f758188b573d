import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { readEnvironment } from './environment.ts';
import { isSecretKey } from './secrets.ts';
import { optionKeys, rowOf } from './table.ts';
import type { Settings } from './types.ts';

/** A file that the configuration was read from. */
export interface ConfigurationFile {
  readonly path: string;
  readonly what: '.env' | 'YAML' | 'key file';
  /** Whether a secret stands in it as such. */
  readonly holdsSecret: boolean;
}

const variable = /\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g;
const keyWithValue = /(?:^|[\s{,])["']?(\w+)["']?\s*:\s*["']?([^\s"',}][^\n,}]*)/g;

/** A secret's key with something else behind it than a variable. */
function holdsSecret(yaml: string): boolean {
  return yaml
    .split('\n')
    .flatMap((line) => [...line.replace(/(^|\s)#.*$/, '').matchAll(keyWithValue)])
    .some(([, key, text = '']) => isSecretKey(key) && !text.startsWith('${'));
}

/** The files of this configuration that are there, each once. What cannot be read is none of its secrets' leaks. */
export function configurationFiles(
  settings: Settings,
  env: Readonly<Record<string, string | undefined>>,
  cwd: string,
): ConfigurationFile[] {
  const environment = readEnvironment(env, cwd, () => settings.config);
  const yaml = settings.file === undefined ? undefined : readFileSync(settings.file, 'utf8');
  const options = optionKeys.map(rowOf).flatMap(({ name, secret }) => (secret ? [name] : []));
  const used = [...(yaml ?? '').matchAll(variable)].flatMap(([, name]) => name ?? []);
  const keyFiles = [...new Set([...options, ...used])].flatMap((name) => {
    const path = environment.get(`${name}_FILE`)?.value;
    return path ? [resolve(cwd, path)] : [];
  });
  const dotenv = [resolve(cwd, '.env'), resolve(dirname(settings.config), '.env')];
  const files: ConfigurationFile[] = [
    ...dotenv.map((path) => ({ path, what: '.env' as const, holdsSecret: true })),
    ...(settings.file === undefined
      ? []
      : [{ path: settings.file, what: 'YAML' as const, holdsSecret: holdsSecret(yaml ?? '') }]),
    ...keyFiles.map((path) => ({ path, what: 'key file' as const, holdsSecret: true })),
  ];
  const once = new Map(files.map((file) => [file.path, file]));
  return [...once.values()].filter(({ path }) => existsSync(path));
}
