import { dirname, resolve } from 'node:path';
import type { z } from 'zod';
import { type Checking, elementsAt, reportWrong, valueAt } from '../check.ts';
import type { Kind } from '../kinds.ts';
import * as kind from '../kinds.ts';
import { zodPackage } from '../lazy.ts';
import type { TlsTrust } from '../types.ts';
import type { Path } from '../yaml-file.ts';

/** One value of the YAML, read by its kind, with what the reference prints about it. */
export function value<T>(of: Kind<T>, description: string): z.ZodType<T> {
  return zodPackage()
    .unknown()
    .transform((raw, context): T => {
      const readable = typeof raw === 'string' || typeof raw === of.form;
      const parsed = readable ? of.parse(String(raw)) : undefined;
      if (parsed !== undefined) return parsed;
      const quotes = of.form === 'text' && (typeof raw === 'number' || typeof raw === 'boolean') ? ' (in quotes)' : '';
      context.addIssue({ code: 'custom', message: of.expected + quotes });
      return zodPackage().NEVER;
    })
    .meta({ expected: of.expected, description });
}

/** The same with a default, which `fallback` gives as text. */
export function preset<T>(of: Kind<T>, description: string, fallback: string) {
  return value(of, description).prefault(fallback).meta({ expected: of.expected, description, default: fallback });
}

/** A list of values, empty by default. */
export function list<T>(of: Kind<T>, description: string) {
  return zodPackage().array(value(of, description), 'a list').prefault([]);
}

export const name = kind.text('a name of letters, digits and - _ .', /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/);
export const word = kind.text('a text without blanks', /^\S+$/);
export const bridge = kind.text('the name of a bridge such as vmbr0', /^[A-Za-z][A-Za-z0-9._-]{0,14}$/);
export const vlan = kind.whole({ max: 4094 });
export const vmid = kind.whole({ min: 100, max: 999_999_999 });

export function tls() {
  const z = zodPackage();
  return z
    .strictObject({
      ca: value(
        kind.text('the path of a PEM file'),
        'CA that signed the certificate; relative to the YAML file',
      ).optional(),
      fingerprint: value(kind.fingerprint, "The certificate's own SHA-256; works for self-signed ones").optional(),
    })
    .prefault({});
}

/** `tls` at `path` with its CA file as an absolute path; both ways at once are reported. */
export function trust(checking: Checking, path: Path, given: TlsTrust): TlsTrust {
  if (given.ca !== undefined && given.fingerprint !== undefined) {
    reportWrong(checking, [...path, 'tls'], 'only one of ca and fingerprint');
  }
  return given.ca === undefined ? given : { ...given, ca: resolve(dirname(checking.file.file), given.ca) };
}

/** Reports every element of the list at `path` whose `key` an earlier one has too. */
export function reportDuplicates(checking: Checking, path: Path, key: string): void {
  const seen = new Set<unknown>();
  for (const element of elementsAt(checking, path)) {
    const at = [...element, key];
    const found = valueAt(checking.file.data, at);
    if (found !== undefined && seen.has(found))
      reportWrong(checking, at, `a ${key} that no other one of ${path.join('.')} has`);
    seen.add(found);
  }
}
