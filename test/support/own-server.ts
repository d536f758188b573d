import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createServer } from 'node:net';

/** Gives what ends a server that a test has started and removes its folder; it ends with the test process in any case. */
export function ownServer(server: ChildProcess, folder: string): () => Promise<void> {
  const kill = () => server.kill('SIGKILL');
  process.on('exit', kill);
  return async () => {
    process.off('exit', kill);
    if (server.exitCode === null && server.signalCode === null) {
      const exited = once(server, 'exit');
      kill();
      await exited;
    }
    rmSync(folder, { recursive: true, force: true });
  };
}

/** A port on loopback that nothing listens on now. Somebody may take it before it is used: try again then. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}
