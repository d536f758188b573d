import type { Clock } from '../base/clock.ts';
import { CallTimeout } from './http.ts';
import { defaultTimeoutMs, type RawCall, type RawTransport } from './transport.ts';

/**
 * Ends a call after its `timeoutMs` on the clock, however many entry points it has tried by then: whoever holds a lease
 * knows from it for how long the call can still change something.
 */
export function withDeadline(inner: RawTransport, clock: Clock): RawTransport {
  return {
    call: async (call: RawCall) => {
      const timeoutMs = call.timeoutMs ?? defaultTimeoutMs;
      const answered = new AbortController();
      const over = new AbortController();
      clock.sleep(timeoutMs, answered.signal).then(
        () => over.abort(new CallTimeout(`none within ${timeoutMs / 1000} s`)),
        () => undefined,
      );
      const signal = call.signal ? AbortSignal.any([call.signal, over.signal]) : over.signal;
      try {
        return await inner.call({ ...call, timeoutMs, signal });
      } finally {
        answered.abort();
      }
    },
  };
}
