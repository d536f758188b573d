import type { Fate } from './world.ts';

export const faultActions = [
  'status',
  'reset-before',
  'reset-after',
  'lost-answer',
  'slow',
  'task-fails',
  'task-warns',
  'task-killed',
] as const;

/** Something that goes wrong on purpose. */
export interface SimFault {
  method?: string;
  /** Tried on the decoded path behind `/api2/json`, with `?query` where there is one. */
  path: RegExp;
  /** Only the nth match, from 1. */
  nth?: number;
  /** At most so often. */
  times?: number;
  /**
   * `status`: that answer. `reset-before`, `reset-after`: the connection breaks before or after the effect.
   * `lost-answer`: the effect, a long silence, then the connection breaks. `slow`: `delayMs` before the effect.
   * `task-*`: what becomes of the task that the request starts; `reason` is its text.
   */
  do: (typeof faultActions)[number];
  status?: number;
  reason?: string;
  /** The effect first: `status` answers after the change was made, `slow` waits after it. */
  after?: boolean;
  delayMs?: number;
}

/** The faults in force, and how often each one has matched. */
export interface FaultBook {
  add(fault: SimFault): void;
  clear(): void;
  /** Those that strike this request; counts it. */
  match(method: string, path: string): SimFault[];
}

export function createFaultBook(): FaultBook {
  let entries: { fault: SimFault; matches: number; struck: number }[] = [];
  return {
    add: (fault) => {
      entries.push({ fault, matches: 0, struck: 0 });
    },
    clear: () => {
      entries = [];
    },
    match(method, path) {
      const striking = entries.filter((entry) => {
        const { fault } = entry;
        if (fault.method !== undefined && fault.method !== method) return false;
        if (!new RegExp(fault.path.source, fault.path.flags.replace('g', '')).test(path)) return false;
        entry.matches += 1;
        if (fault.nth !== undefined && fault.nth !== entry.matches) return false;
        if (fault.times !== undefined && entry.struck >= fault.times) return false;
        entry.struck += 1;
        return true;
      });
      return striking.map((entry) => entry.fault);
    },
  };
}

/** What the faults of a request mean for the task that it starts. */
export function fateOf(faults: SimFault[]): Fate | null {
  for (const fault of faults) {
    if (fault.do === 'task-fails') return { kind: 'fails', text: fault.reason ?? 'simulated failure' };
    if (fault.do === 'task-warns') return { kind: 'warns', text: fault.reason ?? 'simulated warning' };
    if (fault.do === 'task-killed') return { kind: 'killed', text: '' };
  }
  return null;
}
