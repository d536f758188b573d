import type { Clock } from '../base/clock.ts';
import { exitCodes, UnreachableError, VmctlError } from '../base/errors.ts';
import { type Cluster, createCluster } from '../proxmox/cluster.ts';
import type { ClusterSettings } from '../settings/types.ts';

/** What an entry point said to the first question. */
export type Probe = { readonly ok: true; readonly version: string } | { readonly ok: false; readonly error: unknown };

/** One entry point, asked by itself: failover would hide that it is down. */
export interface EntryPoint {
  readonly endpoint: string;
  readonly cluster: Cluster;
  /** Asked once, however many checks want to know. */
  readonly probe: () => Promise<Probe>;
}

export interface ProbedCluster {
  readonly settings: ClusterSettings;
  readonly entries: readonly EntryPoint[];
  /** By an entry point that lets us in; undefined where none does, which the check of the entry points tells. */
  readonly open: () => Promise<Cluster | undefined>;
}

/** A node that takes a connection and says nothing must not hold the rest up; a refused token is told after 3 s. */
const probeMs = 15_000;

/** Whether an entry point answers, even if it does not let us in. */
export function answers(probe: Probe): boolean {
  return probe.ok || !(probe.error instanceof VmctlError && probe.error.exitCode === exitCodes.unreachable);
}

async function ask(endpoint: string, cluster: Cluster, clock: Clock): Promise<Probe> {
  const [late, done] = [new AbortController(), new AbortController()];
  const silence = `${endpoint} does not answer within ${probeMs / 1000} s`;
  clock.sleep(probeMs, done.signal).then(
    () => late.abort(new UnreachableError(silence, { cure: 'see how pveproxy and the node are' })),
    () => {},
  );
  try {
    const { version } = await cluster.withSignal(late.signal).version();
    return { ok: true, version };
  } catch (error) {
    return { ok: false, error };
  } finally {
    done.abort();
  }
}

/** @param random gives numbers in [0, 1) */
export function probeCluster(
  settings: ClusterSettings,
  ports: { readonly clock: Clock; readonly random: () => number; readonly signal: AbortSignal },
): ProbedCluster {
  const entries = settings.endpoints.map((endpoint): EntryPoint => {
    const retry = { maxRetries: 0, baseDelaySeconds: 0 };
    const cluster = createCluster({ ...settings, endpoints: [endpoint] }, { ...ports, retry }).withSignal(ports.signal);
    let asked: Promise<Probe> | undefined;
    return {
      endpoint,
      cluster,
      probe() {
        asked ??= ask(endpoint, cluster, ports.clock);
        return asked;
      },
    };
  });
  return {
    settings,
    entries,
    async open() {
      const probes = await Promise.all(entries.map((entry) => entry.probe()));
      return entries[probes.findIndex((probe) => probe.ok)]?.cluster;
    },
  };
}
