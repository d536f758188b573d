import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { registerSecretsOf } from './check.ts';
import { type Environment, readEnvironment, whyUnreadable } from './environment.ts';
import { type Problem, throwProblems } from './problems.ts';
import { resolveOptions } from './resolve.ts';
import { readSections, type Sections } from './sections/read.ts';
import { options } from './table.ts';
import type { Settings } from './types.ts';
import { parseYaml, type YamlFile } from './yaml-file.ts';

export interface LoadOptions {
  /** Variables of the process; `.env` files never override them. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly flags: { readonly config?: string | undefined };
  /** User id: root keeps its state in `/var/lib`. Default: that of the process. */
  readonly uid?: number | undefined;
}

interface ConfigPath {
  readonly path: string;
  /** What named the file; absent for the default one, which may be missing. */
  readonly namedBy?: string;
}

function configPath(environment: Environment, flag: string | undefined): ConfigPath {
  if (flag !== undefined) return { path: flag, namedBy: '--config' };
  const variable = environment.get(options.config.name)?.value;
  if (variable) return { path: variable, namedBy: options.config.name };
  return { path: options.config.default ?? '' };
}

function readYaml(
  config: ConfigPath,
  file: string,
  environment: Environment,
  problems: Problem[],
): YamlFile | undefined {
  let content: string;
  try {
    content = readFileSync(file, 'utf8');
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (!missing || config.namedBy)
      problems.push({ at: file, path: config.namedBy ?? '', message: whyUnreadable(error) });
    return undefined;
  }
  return parseYaml(file, content, environment, problems);
}

const nothing: Sections = { clusters: [], dns: { mainDomain: undefined, zones: [] }, pools: [], packages: [] };

/**
 * Reads everything that can be set: flags, then the environment with `.env`, then YAML, then defaults. Every secret in
 * it is registered before any message can show it.
 * @throws UsageError with all problems, one a line: file and line, path, what was found, what was expected.
 */
export function loadSettings({ env, cwd, flags, uid = process.getuid?.() }: LoadOptions): Settings {
  const problems: Problem[] = [];
  const environment = readEnvironment(env, cwd, (before) => configPath(before, flags.config).path);
  const config = configPath(environment, flags.config);
  const file = resolve(cwd, config.path);
  const yaml = readYaml(config, file, environment, problems);
  if (yaml) registerSecretsOf(yaml);
  const values = resolveOptions({ environment, yaml, env, cwd, uid }, problems);
  const sections = yaml ? readSections({ file: yaml, problems }, values) : nothing;
  throwProblems([...environment.problems, ...problems]);
  return { ...values, config: file, file: yaml && file, ...sections };
}
