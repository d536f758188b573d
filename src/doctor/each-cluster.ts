import type { Cluster } from '../proxmox/cluster.ts';
import type { ClusterSettings } from '../settings/types.ts';
import type { DoctorContext } from './context.ts';
import { failureOf, type Observation } from './finding.ts';

/** Asks every cluster that lets us in; the check of the entry points tells of the others. */
export async function eachCluster(
  { clusters }: DoctorContext,
  ask: (cluster: Cluster, settings: ClusterSettings) => Promise<Observation[]>,
): Promise<Observation[]> {
  const found = clusters.map(async ({ settings, open }) => {
    const cluster = await open();
    if (cluster === undefined) return [];
    return ask(cluster, settings).catch((error) => [failureOf(settings.name, error)]);
  });
  return (await Promise.all(found)).flat();
}
