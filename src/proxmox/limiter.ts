import type { ApiCall, Transport } from './transport.ts';

/** Changes occupy one of few worker processes of a node, some for many seconds. */
const maxChangesPerNode = 2;

export interface Limiter extends Transport {
  /** Shares the requests out among so many ticks that are alive now, this one included. */
  setShare(liveTicks: number): void;
}

interface Waiting {
  readonly call: ApiCall;
  start(): void;
}

interface Lane {
  readonly active: Set<ApiCall>;
  readonly waiting: Set<Waiting>;
}

/**
 * Limits what is in flight per node: so many requests, two changes among them, and one change per VM, since a second
 * one would block a worker of the node until the first lets go of the VM's lock. (Seen on a real 9.2: 15 blocked PUTs
 * stop a node.) Calls that wait are served in order; reads overtake changes that cannot start yet.
 */
export function withLimits(inner: Transport, requestsPerNode: number): Limiter {
  const lanes = new Map<string, Lane>();
  let liveTicks = 1;

  function admits(lane: Lane, call: ApiCall): boolean {
    if (lane.active.size >= share(requestsPerNode)) return false;
    if (call.effect === 'none') return true;
    const changes = [...lane.active].filter((other) => other.effect === 'changes');
    if (changes.length >= share(maxChangesPerNode)) return false;
    return call.vmid === undefined || changes.every((other) => other.vmid !== call.vmid);
  }

  function share(limit: number): number {
    return Math.max(1, Math.floor(limit / liveTicks));
  }

  function advance(lane: Lane): void {
    for (const entry of lane.waiting) {
      if (!admits(lane, entry.call)) continue;
      lane.waiting.delete(entry);
      lane.active.add(entry.call);
      entry.start();
    }
  }

  function admission(lane: Lane, call: ApiCall): Promise<void> {
    return new Promise((resolve, reject) => {
      const { signal } = call;
      const giveUp = (): void => {
        lane.waiting.delete(entry);
        reject(signal?.reason);
      };
      const entry: Waiting = {
        call,
        start: () => {
          signal?.removeEventListener('abort', giveUp);
          resolve();
        },
      };
      if (signal?.aborted) return giveUp();
      signal?.addEventListener('abort', giveUp, { once: true });
      lane.waiting.add(entry);
      advance(lane);
    });
  }

  return {
    call: async (given) => {
      // Its own object: the same call may be in flight twice.
      const call = { ...given };
      const lane = lanes.get(call.node ?? '') ?? { active: new Set(), waiting: new Set() };
      lanes.set(call.node ?? '', lane);
      await admission(lane, call);
      try {
        return await inner.call(call);
      } finally {
        lane.active.delete(call);
        advance(lane);
      }
    },
    setShare: (count) => {
      liveTicks = Math.max(1, count);
      for (const lane of lanes.values()) advance(lane);
    },
  };
}
