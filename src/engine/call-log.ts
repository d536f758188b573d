import type { DnsResponse, Sender } from '../dns/sender.ts';
import type { ObservedCall } from '../proxmox/observe.ts';
import type { ModuleLog } from '../records/module-log.ts';
import type { Lease } from './lease.ts';

/** A tick that has been taken over writes nothing more, not even what it sees now. */
export function whileHeld(log: ModuleLog, lease: Lease): ModuleLog {
  return {
    ...log,
    write(entry) {
      if (lease.holds()) log.write(entry);
    },
  };
}

/** Writes the calls of a cluster to the Module Log. */
export function logProxmoxCall(log: ModuleLog): (observed: ObservedCall) => void {
  return ({ call, failed, response }) => {
    const { method, path, params } = call;
    log.write({
      module: 'puqProxmoxKVM',
      action: `${method} ${path}`,
      request: JSON.stringify(params ?? {}),
      response,
      failed,
    });
  };
}

/** Writes the requests to DNS servers to the Module Log; without their headers, where the keys are. */
export function logDnsRequests(inner: Sender, log: ModuleLog): Sender {
  return async (request, signal) => {
    const entry = {
      module: 'puq_proxmox_kvm',
      action: `${request.method} ${request.url}`,
      request: request.body ?? '',
    } as const;
    try {
      const answer = await inner(request, signal);
      log.write({ ...entry, response: responseText(answer), failed: answer.status >= 400 });
      return answer;
    } catch (error) {
      log.write({ ...entry, response: error instanceof Error ? error.message : String(error), failed: true });
      throw error;
    }
  };
}

function responseText({ status, text }: DnsResponse): string {
  return `${status} ${text}`.trim();
}
