import { dirname, join, resolve } from 'node:path';
import { registerSecret } from '../base/redact.ts';
import { isMap, reportUnknown, valueAt } from './check.ts';
import type { Environment } from './environment.ts';
import { type Problem, shown, wrongValue } from './problems.ts';
import { registerUrlPassword, withoutPassword } from './secrets.ts';
import { defaultStateFolder } from './state-folder.ts';
import { type Option, type OptionKey, type OptionValues, optionKeys, rowOf, settingsKeys } from './table.ts';
import type { YamlFile } from './yaml-file.ts';

/** A text that was given for an option, where, and the folder that a relative path in it starts from. */
interface Given {
  readonly text: string;
  readonly at: string;
  readonly path: string;
  readonly folder: string;
}

export interface Sources {
  readonly environment: Environment;
  readonly yaml: YamlFile | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly uid: number | undefined;
}

function fromYaml(key: OptionKey, yaml: YamlFile, problems: Problem[]): Given | undefined {
  const path = ['settings', key];
  const value = valueAt(yaml.data, path);
  const row = rowOf(key);
  const place = { at: yaml.at(path), path: `settings.${key}`, folder: dirname(yaml.file) };
  if (value === undefined || value === null || yaml.unresolved.has(place.path)) return undefined;
  if (typeof value === 'object') {
    problems.push(wrongValue(place.at, place.path, shown(value, false), row.kind.expected));
    return undefined;
  }
  return { ...place, text: String(value) };
}

function findGiven(key: OptionKey, { environment, yaml, cwd }: Sources, problems: Problem[]): Given | undefined {
  const { name, secret, environmentOnly } = rowOf(key);
  const variable = secret ? environment.getSecret(name) : environment.get(name);
  if (variable && variable.value !== '') return { text: variable.value, at: variable.at, path: name, folder: cwd };
  return yaml && !environmentOnly ? fromYaml(key, yaml, problems) : undefined;
}

function foundText(row: Option<unknown>, given: Given): string {
  if (row.secret === 'password') return shown(withoutPassword(given.text), false);
  return shown(given.text, row.secret === 'whole');
}

function resolveOption(key: OptionKey, sources: Sources, problems: Problem[]): { value: unknown; given?: Given } {
  const row = rowOf(key);
  const given = findGiven(key, sources, problems);
  if (given) {
    if (row.secret === 'whole') registerSecret(given.text);
    if (row.secret === 'password') registerUrlPassword(given.text);
    const value = row.kind.parse(given.text);
    if (value !== undefined) return { value, given };
    problems.push(wrongValue(given.at, given.path, foundText(row, given), row.kind.expected));
  }
  return { value: row.default === undefined ? undefined : row.kind.parse(row.default) };
}

/** Before those defaults that depend on the machine. */
type Worked = Omit<OptionValues, 'stateDir' | 'databaseUrl' | 'timeZone'> &
  Partial<Pick<OptionValues, 'stateDir' | 'databaseUrl' | 'timeZone'>>;

/** `sqlite:path` with an absolute path, so that it means one file from wherever it is used. */
function absoluteDatabaseUrl(databaseUrl: string, folder: string): string {
  const path = /^sqlite:(.*)$/s.exec(databaseUrl)?.[1];
  return path === undefined || path === ':memory:' ? databaseUrl : `sqlite:${resolve(folder, path)}`;
}

/** The values of all options: environment before YAML before default. What is wrong goes to `problems`. */
export function resolveOptions(sources: Sources, problems: Problem[]): OptionValues {
  const { yaml, cwd } = sources;
  const block = yaml && valueAt(yaml.data, ['settings']);
  for (const key of yaml && isMap(block) ? Object.keys(block) : []) {
    if (yaml && !settingsKeys.some((known) => known === key))
      reportUnknown({ file: yaml, problems }, ['settings', key], settingsKeys);
  }
  const resolved = new Map(optionKeys.map((key) => [key, resolveOption(key, sources, problems)]));
  // What each kind parses is what OptionValues says of it, but a loop over the table cannot tell the compiler so.
  const given = Object.fromEntries([...resolved].map(([key, { value }]) => [key, value])) as unknown as Worked;
  const stateDir = resolve(cwd, given.stateDir ?? defaultStateFolder(sources.env, sources.uid));
  const databaseUrl = given.databaseUrl ?? `sqlite:${join(stateDir, 'vmctl.sqlite')}`;
  return {
    ...given,
    stateDir,
    databaseUrl: absoluteDatabaseUrl(databaseUrl, resolved.get('databaseUrl')?.given?.folder ?? cwd),
    timeZone: given.timeZone ?? systemTimeZone(),
  };
}

/** A host whose zone cannot be told (an empty TZ, no /etc/localtime) has none that could be printed in. */
function systemTimeZone(): string {
  const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
  return timeZone === 'Etc/Unknown' ? 'UTC' : timeZone;
}
