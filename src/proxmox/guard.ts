import { type ApiCall, defaultTimeoutMs, type RawTransport } from './transport.ts';

/**
 * Called before each call that changes something, with its `timeoutMs` set. Throws where it must not be sent, for
 * instance because a lease would end before the call does.
 */
export type Guard = (call: ApiCall & { readonly timeoutMs: number }) => Promise<void>;

/** Asks `before` ahead of every change, as the last thing before it is sent: no queue and no login comes after it. */
export function withGuard(inner: RawTransport, before: Guard): RawTransport {
  return {
    call: async (call) => {
      if (call.effect === 'changes') await before({ ...call, timeoutMs: call.timeoutMs ?? defaultTimeoutMs });
      return inner.call(call);
    },
  };
}
