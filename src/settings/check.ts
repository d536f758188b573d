import type { z } from 'zod';
import { registerSecret } from '../base/redact.ts';
import { zodPackage } from './lazy.ts';
import { nearest } from './names.ts';
import { type Problem, shown, wrongValue } from './problems.ts';
import { isSecretKey, registerToken } from './secrets.ts';
import { type Path, pathText, type YamlFile } from './yaml-file.ts';

/** What checking needs: the file for positions, and where problems go. */
export interface Checking {
  readonly file: YamlFile;
  readonly problems: Problem[];
}

export function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value at `path` below `data`; `undefined` where there is none. */
export function valueAt(data: unknown, path: Path): unknown {
  let value = data;
  for (const part of path) {
    if (Array.isArray(value)) value = value[Number(part)];
    else value = isMap(value) && Object.hasOwn(value, part) ? value[part] : undefined;
  }
  return value;
}

/** Keys of the map at `path`; none where there is no map. */
export function keysAt({ file }: Checking, path: Path): string[] {
  const value = valueAt(file.data, path);
  return isMap(value) ? Object.keys(value) : [];
}

/** Paths of the elements of the list at `path`; none where there is no list. */
export function elementsAt({ file }: Checking, path: Path): Path[] {
  const value = valueAt(file.data, path);
  return Array.isArray(value) ? [...value.keys()].map((index) => [...path, index]) : [];
}

/** Reports the value at `path` as wrong, unless a variable in it is already reported as missing. */
export function reportWrong({ file, problems }: Checking, path: Path, expected: string): void {
  if (file.unresolved.has(pathText(path))) return;
  const key = path.findLast((part) => typeof part === 'string');
  problems.push(wrongValue(file.at(path), pathText(path), shown(valueAt(file.data, path), isSecretKey(key)), expected));
}

/** Reports a key that nothing knows. Its value is not shown: it may be a secret under a misspelt name. */
export function reportUnknown({ file, problems }: Checking, path: Path, known: readonly string[]): void {
  const guess = nearest(String(path.at(-1)), known);
  const cure = guess ? `did you mean "${guess}"?` : `expected one of ${known.join(', ')}`;
  problems.push({ at: file.atKey(path), path: pathText(path), message: `unknown key, ${cure}` });
}

/** Keys that `schema` knows at `path`. */
function knownKeys(schema: z.ZodType, path: Path): string[] {
  let json: unknown = zodPackage().toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  for (const part of path) json = valueAt(json, typeof part === 'number' ? ['items'] : ['properties', part]);
  const properties = valueAt(json, ['properties']);
  return isMap(properties) ? Object.keys(properties) : [];
}

function plainPath(path: readonly PropertyKey[]): Path {
  return path.map((part) => (typeof part === 'number' ? part : String(part)));
}

/** Checks the part of the file at `path`. Everything that is wrong is reported; then the answer is `undefined`. */
export function check<T>(checking: Checking, schema: z.ZodType<T>, path: Path): T | undefined {
  const result = schema.safeParse(valueAt(checking.file.data, path), {
    error: (issue) => (issue.code === 'invalid_type' && issue.expected === 'object' ? 'a map' : undefined),
  });
  if (result.success) return result.data;
  for (const issue of result.error.issues) {
    const inner = plainPath(issue.path);
    if (issue.code !== 'unrecognized_keys') {
      reportWrong(checking, [...path, ...inner], issue.message);
      continue;
    }
    const known = knownKeys(schema, inner);
    for (const key of issue.keys) reportUnknown(checking, [...path, ...inner, key], known);
  }
  return undefined;
}

/** Registers every secret below `path`, wherever it stands, before any message is made. */
export function registerSecretsOf(file: YamlFile, path: Path = []): void {
  const data = valueAt(file.data, path);
  const keys = Array.isArray(data) ? [...data.keys()] : isMap(data) ? Object.keys(data) : [];
  for (const key of keys) {
    const inner = [...path, key];
    const value = valueAt(file.data, inner);
    if (typeof value === 'object') registerSecretsOf(file, inner);
    else if (value === undefined || file.unresolved.has(pathText(inner))) continue;
    else if (key === 'token') registerToken(String(value));
    else if (isSecretKey(key)) registerSecret(String(value));
  }
}
