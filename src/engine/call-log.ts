import type { DnsResponse, Sender } from '../dns/sender.ts';
import type { ObservedCall } from '../proxmox/observe.ts';
import type { ModuleLog } from '../records/module-log.ts';

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
