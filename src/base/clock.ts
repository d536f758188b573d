import { setTimeout as delay } from 'node:timers/promises';

/**
 * The host's time: what the program prints and what it sleeps on.
 * Leases, `next_attempt_at` and TTLs never use it; they are compared on the database's clock (`records/database-clock.ts`).
 */
export interface Clock {
  /** Wall time of this host, milliseconds since the epoch. May jump. */
  now(): number;
  /** Milliseconds from an arbitrary start. Never jumps; goes on while the process is stopped. */
  monotonic(): number;
  /** Resolves after `ms`; rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The real time of this host. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms, signal) => delay(ms, undefined, { signal }),
};

/**
 * Time that runs `factor` times as fast as real time and agrees with it at `anchor` (ms since the epoch). All processes
 * that are given the same anchor and factor agree with each other: the demo and the tests run minutes in seconds with it.
 */
export function scaledClock(anchor: number, factor: number): Clock {
  return {
    now: () => anchor + (Date.now() - anchor) * factor,
    monotonic: () => performance.now() * factor,
    sleep: (ms, signal) => delay(ms / factor, undefined, { signal }),
  };
}
