import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where the embedded database lives when nothing else is set: `/var/lib/vmctl` for root, else below the user's home. */
export function defaultStateFolder(env: Readonly<Record<string, string | undefined>>, uid: number | undefined): string {
  if (uid === 0) return '/var/lib/vmctl';
  return join(env.XDG_STATE_HOME || join(env.HOME || homedir(), '.local/state'), 'vmctl');
}
