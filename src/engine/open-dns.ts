import type { Clock } from '../base/clock.ts';
import type { DnsPorts } from '../dns/ports.ts';
import type { Sender } from '../dns/sender.ts';
import type { ModuleLog } from '../records/module-log.ts';
import { logDnsRequests } from './call-log.ts';
import type { Lease } from './lease.ts';

/** The sender's own limit, and room for an answer that is on its way. */
const longestRequestMs = 32_000;

/** DNS for the rows of one tick, loaded when it is first needed. Nothing is changed there that could outlive the lease. */
export async function openDns(clock: Clock, lease: Lease, moduleLog: ModuleLog): Promise<DnsPorts> {
  const [{ createDnsPorts }, { createGotSender }] = await Promise.all([
    import('../dns/ports.ts'),
    import('../dns/got-sender.ts'),
  ]);
  return createDnsPorts({ clock, send: guarded(logDnsRequests(createGotSender(), moduleLog), lease) });
}

/** A record that is changed too late may be another VM's by then: its address has been given away meanwhile. */
function guarded(send: Sender, lease: Lease): Sender {
  return async (request, signal) => {
    if (request.method !== 'GET') await lease.ensure(longestRequestMs);
    return send(request, signal);
  };
}
