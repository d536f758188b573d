import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { UsageError } from '../../../src/base/errors.ts';
import { loadSettings } from '../../../src/settings/load.ts';
import type { Settings } from '../../../src/settings/types.ts';

/** A folder with the given files, removed when the test ends. */
export function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'vmctl-settings-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

/** Settings as a process would load them that is started in `cwd`. */
export function load(cwd: string, env: Readonly<Record<string, string>> = {}, config?: string): Settings {
  return loadSettings({ env, cwd, flags: { config }, uid: 1000 });
}

/** The lines of the error that loading ends in, with the folder's name taken out. */
export function problemsOf(cwd: string, env: Readonly<Record<string, string>> = {}, config?: string): string[] {
  try {
    load(cwd, env, config);
  } catch (error) {
    if (error instanceof UsageError) return error.message.replaceAll(`${cwd}/`, '').split('\n');
    throw error;
  }
  return [];
}

/** The same for a `config/vmctl.yaml` with this content. */
export function problemsIn(yaml: string, env: Readonly<Record<string, string>> = {}): string[] {
  return problemsOf(folderWith({ 'config/vmctl.yaml': yaml }), env);
}
