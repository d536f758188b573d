import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parse } from 'dotenv';
import type { Problem } from './problems.ts';

/** A variable with where it came from, for messages. */
interface Variable {
  readonly value: string;
  readonly at: string;
}

/** Environment variables from the process and from `.env` files, with `NAME_FILE` for secrets. */
export interface Environment {
  get(name: string): Variable | undefined;
  /** Also looks for `NAME_FILE`; what is wrong with that file goes to `problems`. */
  getSecret(name: string): Variable | undefined;
  readonly problems: readonly Problem[];
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

/** The error's own words without the path, which the message names anyway. */
export function whyUnreadable(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return 'the file does not exist';
  if (code === 'EACCES') return 'the file may not be read by this user';
  if (code === 'EISDIR') return 'this is a folder, not a file';
  return `the file cannot be read (${String(code ?? error)})`;
}

type Layer = ReadonlyMap<string, Variable>;

function processLayer(env: Readonly<Record<string, string | undefined>>): Layer {
  const layer = new Map<string, Variable>();
  for (const [name, value] of Object.entries(env))
    if (value !== undefined) layer.set(name, { value, at: 'environment' });
  return layer;
}

function dotenvLayer(file: string, problems: Problem[]): Layer {
  const layer = new Map<string, Variable>();
  let content: string;
  try {
    content = readFileSync(file, 'utf8');
  } catch (error) {
    if (!isMissing(error)) problems.push({ at: file, path: '', message: whyUnreadable(error) });
    return layer;
  }
  const lines = content.split('\n');
  for (const [name, value] of Object.entries(parse(content))) {
    // As in dotenv, the last definition counts.
    const line = 1 + lines.findLastIndex((text) => new RegExp(`^\\s*(export\\s+)?${name}\\s*[=:]`).test(text));
    layer.set(name, { value, at: `${file}:${line}` });
  }
  return layer;
}

/** The value of `name` in one layer, from the variable itself or the file that `NAME_FILE` names. */
function secretIn(layer: Layer, name: string, cwd: string, problems: Problem[]): Variable | undefined {
  const direct = layer.get(name);
  const file = layer.get(`${name}_FILE`);
  if (!file || file.value === '') return direct;
  if (direct && direct.value !== '') {
    problems.push({
      at: file.at,
      path: name,
      message: `both ${name} and ${name}_FILE are set, expected only one of them`,
    });
    return direct;
  }
  const path = resolve(cwd, file.value);
  try {
    return { value: readFileSync(path, 'utf8').replace(/\r?\n$/, ''), at: `${path} (${name}_FILE)` };
  } catch (error) {
    problems.push({ at: file.at, path: `${name}_FILE`, message: `${path}: ${whyUnreadable(error)}` });
    return { value: '', at: file.at };
  }
}

/**
 * The variables of the process, then those of `.env` in the working directory, then those of `.env` next to the YAML
 * file. An earlier place hides a later one, also where one sets NAME and the other NAME_FILE. Nothing is written back
 * to the process.
 */
export function readEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  cwd: string,
  configPath: (before: Environment) => string,
): Environment {
  const problems: Problem[] = [];
  const layers = [processLayer(env), dotenvLayer(resolve(cwd, '.env'), problems)];
  const environment: Environment = {
    problems,
    get: (name) => layers.find((layer) => layer.has(name))?.get(name),
    getSecret(name) {
      const layer = layers.find((candidate) => candidate.has(name) || candidate.has(`${name}_FILE`));
      return layer && secretIn(layer, name, cwd, problems);
    },
  };
  const beside = resolve(dirname(resolve(cwd, configPath(environment))), '.env');
  if (beside !== resolve(cwd, '.env')) layers.push(dotenvLayer(beside, problems));
  return environment;
}
