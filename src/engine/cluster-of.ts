import type { TickTools } from '../lifecycle/context.ts';
import { StepFailure } from '../lifecycle/failures.ts';
import type { Cluster } from '../proxmox/cluster.ts';
import type { VmRow } from '../records/vm-row.ts';
import { findService } from '../records/whmcs.ts';

/**
 * The cluster of a row: the one it names, the only one there is, or the one whose WHMCS server its service is on.
 * @throws StepFailure when it cannot be told.
 */
export async function openClusterOf(
  tools: Pick<TickTools, 'db' | 'settings' | 'cluster'>,
  row: VmRow,
): Promise<Cluster> {
  const { clusters } = tools.settings;
  const names = clusters.map(({ name }) => name).join(', ');
  if (row.cluster !== null) {
    if (clusters.some(({ name }) => name === row.cluster)) return tools.cluster(row.cluster);
    throw new StepFailure(
      `the row names the cluster ${row.cluster}, which is not configured (there are: ${names})`,
      'add it to clusters: in the YAML file',
    );
  }
  const [only, ...others] = clusters;
  if (only && others.length === 0) return tools.cluster(only.name);
  const service = await findService(tools.db, row.service_id);
  const byServer = clusters.find(({ whmcsServerIds }) => service && whmcsServerIds.includes(service.server));
  if (byServer) return tools.cluster(byServer.name);
  throw new StepFailure(
    clusters.length === 0
      ? 'no cluster is configured'
      : `the row names no cluster, and its WHMCS server belongs to none of ${names}`,
    'set the column cluster of the row, or whmcsServerIds of a cluster in the YAML file',
  );
}
