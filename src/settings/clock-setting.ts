import { type Clock, scaledClock, systemClock } from '../base/clock.ts';
import type { Kind } from './kinds.ts';

/** Scaled time for the demo and the tests; see `scaledClock`. `anchor` in milliseconds since the epoch. */
export interface ClockSetting {
  readonly anchor: number;
  readonly factor: number;
}

export const clockSetting: Kind<ClockSetting> = {
  expected: 'anchor (ms since the epoch) and factor, as in 1790000000000:60',
  form: 'text',
  parse(value) {
    const [, anchor, factor] = /^(\d{1,15}):(\d+(?:\.\d+)?)$/.exec(value) ?? [];
    return anchor !== undefined && Number(factor) > 0 ? { anchor: Number(anchor), factor: Number(factor) } : undefined;
  },
};

/** The host's clock: the real one unless VMCTL_CLOCK scales it. */
export function clockOf(setting: ClockSetting | undefined): Clock {
  return setting ? scaledClock(setting.anchor, setting.factor) : systemClock;
}
