import { type Auth, may } from './privileges.ts';
import type { Sim } from './sim.ts';
import type { SimNode } from './world.ts';

const GIB = 1024 ** 3;

/** What every list says about a node: its load only while it is online, and only to who may audit it. */
export function nodeFigures({ world, clock }: Sim, auth: Auth, { name, online }: SimNode) {
  const row = { id: `node/${name}`, type: 'node', node: name, level: '', status: online ? 'online' : 'offline' };
  if (!online || !may(world, auth, `/nodes/${name}`, 'Sys.Audit')) return row;
  const uptime = Math.floor((clock.now() - world.bootedAt) / 1000);
  const size = { maxcpu: 8, mem: 2 * GIB, maxmem: 64 * GIB, disk: 4 * GIB, maxdisk: 100 * GIB };
  return { ...row, uptime, cpu: 0.02, ...size };
}
