import type { Clock } from '../base/clock.ts';
import { createVmFinder } from '../lifecycle/find-vm.ts';
import { requestStop } from '../lifecycle/terminate/stop-request.ts';
import type { Database } from '../records/database.ts';
import type { VmRow } from '../records/vm-row.ts';
import type { Settings } from '../settings/types.ts';
import { openClusterOf } from './cluster-of.ts';
import { createClusters } from './clusters.ts';

/** A human waits: what takes longer is left to cron. */
const patienceMs = 10_000;

/**
 * Sends the stop that a terminate begins with, without waiting for the guest, so that it shuts down right away. Whatever
 * is in the way (another VM, a lock, no answer) is left to cron, which says it. True: the stop was sent.
 */
export async function sendStop(
  { settings, clock, db }: { settings: Settings; clock: Clock; db: Database },
  row: VmRow,
): Promise<boolean> {
  const patience = new AbortController();
  const timer = clock.sleep(patienceMs, patience.signal).then(
    () => patience.abort(),
    () => {},
  );
  try {
    const clusters = createClusters(settings, clock, undefined, patience.signal);
    const vm = createVmFinder(row, () => openClusterOf({ db, settings, cluster: clusters.open }, row), clock);
    const found = await vm.identified();
    if (!found || found.config.lock !== undefined) return false;
    const cluster = await vm.cluster();
    const { status } = await cluster.vmStatus(found.node, found.vmid);
    if (status !== 'running') return false;
    await requestStop(cluster, found, false);
    return true;
  } catch {
    return false;
  } finally {
    patience.abort();
    await timer;
  }
}
