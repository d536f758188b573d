import { execFile, spawn } from 'node:child_process';
import { chownSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createConnection } from 'mysql2/promise';
import { systemClock } from '../../src/base/clock.ts';
import { freePort, ownServer } from './own-server.ts';

const run = promisify(execFile);
const nobody = 65_534;

export interface PrivateMariadb {
  /** `mysql://root@127.0.0.1:port`, without a schema. */
  readonly url: string;
  stop(): Promise<void>;
}

async function answers(url: string): Promise<boolean> {
  try {
    const connection = await createConnection(url);
    await connection.end();
    return true;
  } catch {
    return false;
  }
}

/**
 * Starts a MariaDB of its own in a temporary folder, on loopback, with nobody's rights where this is root. Its defaults
 * are the server's built-in ones (collation latin1_swedish_ci), which finds bugs that a distribution's settings hide.
 * @param options.args More options of the server.
 * @param options.sqlMode The server's `sql_mode`; `''` is non-strict, as many WHMCS servers run. Default: strict.
 */
export async function startPrivateMariadb(
  options: { sqlMode?: string; args?: readonly string[] } = {},
): Promise<PrivateMariadb> {
  const folder = mkdtempSync(join(tmpdir(), 'vmctl-mariadb-'));
  const asNobody = process.getuid?.() === 0 ? { uid: nobody, gid: nobody } : {};
  if (asNobody.uid) chownSync(folder, nobody, nobody);
  const data = join(folder, 'data');
  try {
    const install = [
      '--no-defaults',
      `--datadir=${data}`,
      '--auth-root-authentication-method=normal',
      '--skip-test-db',
    ];
    await run('mariadb-install-db', install, { cwd: folder, ...asNobody });
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  const port = await freePort();
  const log = join(folder, 'log');
  const settings = [
    ...['--no-defaults', `--datadir=${data}`, `--socket=${join(folder, 'sock')}`, `--pid-file=${join(folder, 'pid')}`],
    ...['--bind-address=127.0.0.1', `--port=${port}`, '--skip-log-bin', '--innodb-flush-log-at-trx-commit=0'],
    ...(options.sqlMode === undefined ? [] : [`--sql-mode=${options.sqlMode}`]),
    ...(options.args ?? []),
  ];
  const output = openSync(log, 'w');
  const server = spawn('/usr/sbin/mariadbd', settings, { cwd: folder, stdio: ['ignore', output, output], ...asNobody });
  const stop = ownServer(server, folder);
  const url = `mysql://root@127.0.0.1:${port}`;
  const deadline = systemClock.monotonic() + 20_000;
  while (!(await answers(url))) {
    if (server.exitCode !== null || systemClock.monotonic() > deadline) {
      const text = readFileSync(log, 'utf8');
      await stop();
      throw new Error(`MariaDB did not start:\n${text}`);
    }
    await systemClock.sleep(50);
  }
  return { url, stop };
}
