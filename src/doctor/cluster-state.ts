import type { Check } from './context.ts';
import { eachCluster } from './each-cluster.ts';
import { failure, ok, warning } from './finding.ts';

export const clusterState: Check = {
  name: 'cluster state',
  looksAt: 'each cluster has a quorum; nodes that are offline',
  run: (context) =>
    eachCluster(context, async (cluster, { name }) => {
      const [quorate, nodes] = await Promise.all([cluster.quorate(), cluster.nodes()]);
      const quorum = quorate
        ? ok(`${name} quorum`, 'the cluster has one')
        : failure(`${name} quorum`, 'the cluster has none: it is read-only', 'bring enough nodes back');
      const offline = nodes.filter(({ online }) => !online);
      if (offline.length === 0) return [quorum, ok(`${name} nodes`, `all ${nodes.length} are online`)];
      const cure = 'bring it back; rows with a VM there wait or end in error_terminate until then';
      return [quorum, ...offline.map(({ node }) => warning(`${name} ${node}`, 'the node is offline', cure))];
    }),
};
