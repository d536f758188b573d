import { ProxmoxError } from './errors.ts';
import type { ApiCall, Transport } from './transport.ts';

/** One call with what came of it, all its retries included. */
export interface ObservedCall {
  readonly call: ApiCall;
  readonly failed: boolean;
  /** The answer as JSON, or what Proxmox said. */
  readonly response: string;
}

/** Tells of every call but readings that are shared by all who wait: those are told of only when they fail. */
export function withObserver(inner: Transport, observe: (observed: ObservedCall) => void): Transport {
  return {
    call: async (call) => {
      try {
        const answer = await inner.call(call);
        if (!call.shared) observe({ call, failed: false, response: JSON.stringify(answer.data) });
        return answer;
      } catch (error) {
        if (error instanceof ProxmoxError) observe({ call, failed: true, response: error.text });
        throw error;
      }
    },
  };
}
