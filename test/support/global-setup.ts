import { build } from '../../scripts/build.ts';
import { testServer } from './mariadb.ts';
import { ensurePrograms } from './programs.ts';

/** Once before all tests: what they need is installed, vmctl is built, one MariaDB runs for all. */
export async function setup(): Promise<() => Promise<void>> {
  ensurePrograms();
  await build();
  const server = await testServer();
  return () => server.stop();
}
