import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Check, DoctorContext } from './context.ts';
import { failure, type Observation, ok, warning } from './finding.ts';

async function isWritable(folder: string): Promise<boolean> {
  try {
    await access(folder, constants.W_OK);
    return (await stat(folder)).isDirectory();
  } catch {
    return false;
  }
}

/** The folder, or where it is not there yet, the nearest one above it. */
async function canBeMade(folder: string): Promise<boolean> {
  const missing = await access(folder).then(
    () => false,
    (error) => error.code === 'ENOENT',
  );
  return missing && folder !== dirname(folder) ? canBeMade(dirname(folder)) : isWritable(folder);
}

async function compileCache({ compileCache: folder }: DoctorContext): Promise<Observation> {
  if (folder !== undefined && (await isWritable(folder))) return ok('compile cache', folder);
  const cure = 'let the user that runs vmctl write dist/.compile-cache in the folder of vmctl';
  return warning('compile cache', 'compiled code cannot be kept: every tick starts slower', cure);
}

async function needed(subject: string, folder: string): Promise<Observation> {
  if (await canBeMade(folder)) return ok(subject, folder);
  return failure(subject, `${folder} cannot be written by this user`, `let the user that runs vmctl write ${folder}`);
}

export const folders: Check = {
  name: 'folders',
  looksAt: 'the folders of the embedded database, of the metrics file and of the compile cache can be written',
  run(context) {
    const { databaseUrl, metricsTextfile } = context.settings;
    const sqlite = /^sqlite:(?!:memory:)(.*)$/s.exec(databaseUrl)?.[1];
    return Promise.all([
      ...(sqlite === undefined ? [] : [needed('state folder', dirname(sqlite))]),
      ...(metricsTextfile === undefined ? [] : [needed('METRICS_TEXTFILE', dirname(metricsTextfile))]),
      compileCache(context),
    ]);
  },
};
