import { stat } from 'node:fs/promises';
import { type ConfigurationFile, configurationFiles } from '../settings/secret-files.ts';
import type { Check } from './context.ts';
import { failure, type Observation, ok, warning } from './finding.ts';

const othersWrite = 0o002;
const othersRead = 0o004;

async function examine({ path, what, holdsSecret }: ConfigurationFile): Promise<Observation> {
  const { mode } = await stat(path);
  const subject = `${what} ${path}`;
  const found = `its mode is ${(mode & 0o777).toString(8).padStart(4, '0')}`;
  if (mode & othersWrite)
    return failure(subject, `${found}: everybody on this host can change it`, `chmod o-rwx '${path}'`);
  if (!(mode & othersRead)) return ok(subject, found);
  if (holdsSecret) {
    return failure(subject, `${found}: everybody on this host can read its secrets`, `chmod 600 '${path}'`);
  }
  return warning(subject, `${found}: everybody on this host can read it; it holds no secret`, `chmod 640 '${path}'`);
}

export const files: Check = {
  name: 'files',
  looksAt:
    'modes of `.env`, the YAML file and the files behind `NAME_FILE`: others must not read secrets or write anything',
  run: ({ settings, env, cwd }) => Promise.all(configurationFiles(settings, env, cwd).map(examine)),
};
