import type { Clock } from '../base/clock.ts';
import type { Cluster } from '../proxmox/cluster.ts';
import type { ClusterPorts } from '../proxmox/stack.ts';
import type { Settings } from '../settings/types.ts';
import type { Lease } from './lease.ts';

/** Room between the end of a call and the end of the lease, for an answer that is on its way. */
const marginMs = 2_000;

/** The clusters that a tick works with, each opened when it is first needed: an idle tick loads no HTTP client. */
export interface Clusters {
  open(name: string): Promise<Cluster>;
}

function guardOf(lease: Lease | 'read-only' | undefined): ClusterPorts['before'] {
  if (lease === 'read-only') {
    return async ({ method, path }) => {
      throw new Error(`a dry run must not send ${method} ${path}`);
    };
  }
  return lease && (({ timeoutMs }) => lease.ensure(timeoutMs + marginMs));
}

/**
 * @param lease no changing call is sent that could outlive it; `read-only`: none at all; undefined: a command's own.
 * @param signal ends every call of this tick.
 */
export function createClusters(
  settings: Settings,
  clock: Clock,
  lease: Lease | 'read-only' | undefined,
  signal: AbortSignal,
  observe?: ClusterPorts['observe'],
): Clusters {
  const opened = new Map<string, Promise<Cluster>>();

  async function connect(name: string): Promise<Cluster> {
    const cluster = settings.clusters.find((one) => one.name === name);
    if (!cluster) throw new Error(`no cluster ${name}`);
    const { createCluster } = await import('../proxmox/cluster.ts');
    return createCluster(cluster, {
      clock,
      random: Math.random,
      retry: { maxRetries: settings.proxmoxMaxRetries, baseDelaySeconds: settings.proxmoxRetryBaseDelay },
      before: guardOf(lease),
      observe,
      signal,
    });
  }

  return {
    async open(name) {
      const known = opened.get(name);
      const opening = known ?? connect(name);
      if (!known) opened.set(name, opening);
      const cluster = await opening;
      // What a node can bear is shared out among the ticks that are alive.
      if (typeof lease === 'object') cluster.setShare(lease.ticks);
      return cluster;
    },
  };
}
