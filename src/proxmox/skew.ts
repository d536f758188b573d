import type { Clock } from '../base/clock.ts';
import type { Transport } from './transport.ts';

export interface SkewMeter extends Transport {
  /** Proxmox's time minus this host's, ms, from the newest `Date` header; undefined before the first answer. */
  skewMs(): number | undefined;
}

/** Compares the clocks with every answer. A header has whole seconds and is as old as its answer's way. */
export function withSkewMeter(inner: Transport, clock: Clock): SkewMeter {
  let skewMs: number | undefined;
  return {
    skewMs: () => skewMs,
    call: async (call) => {
      const answer = await inner.call(call);
      if (answer.date !== undefined) skewMs = answer.date - clock.now();
      return answer;
    },
  };
}
