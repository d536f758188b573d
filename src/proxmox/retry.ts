import type { Clock } from '../base/clock.ts';
import { ProxmoxError } from './errors.ts';
import type { ApiAnswer, ApiCall, Transport } from './transport.ts';

export interface RetrySettings {
  /** Attempts after the first: PROXMOX_MAX_RETRIES. */
  readonly maxRetries: number;
  /** PROXMOX_RETRY_BASE_DELAY. */
  readonly baseDelaySeconds: number;
}

/**
 * Repeats what is safe to repeat: `transient` means that a change was certainly not executed, or that nothing was to be
 * changed. Waits `base * 2^attempt` seconds and up to one more at random, so that many clients do not come back at once.
 * @param random gives numbers in [0, 1)
 */
export function withRetry(inner: Transport, settings: RetrySettings, clock: Clock, random: () => number): Transport {
  return {
    call: async (call: ApiCall): Promise<ApiAnswer> => {
      for (let attempt = 0; ; attempt += 1) {
        try {
          return await inner.call(call);
        } catch (error) {
          const repeat = error instanceof ProxmoxError && error.kind === 'transient' && attempt < settings.maxRetries;
          if (!repeat) throw error;
          const seconds = settings.baseDelaySeconds * 2 ** attempt + random();
          await clock.sleep(seconds * 1000, call.signal);
        }
      }
    },
  };
}
