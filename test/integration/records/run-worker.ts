import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const worker = fileURLToPath(new URL('./worker.ts', import.meta.url));

/** Runs a job on the database in a process of its own; see `worker.ts`. */
export async function runWorker(job: 'migrate' | 'work', url: string, token = ''): Promise<unknown> {
  const { stdout } = await promisify(execFile)(process.execPath, [worker, job, url, token]);
  return JSON.parse(stdout);
}
