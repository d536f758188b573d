import { expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { clockOf } from '../../../src/settings/clock-setting.ts';
import { folderWith, load, problemsOf } from './folder.ts';

it('VMCTL_CLOCK runs time as many times faster as it says, from its anchor on', () => {
  const anchor = systemClock.now() - 1000;
  const clock = clockOf(load(folderWith({}), { VMCTL_CLOCK: `${anchor}:60` }).clock);
  expect(clock.now() - anchor).toBeGreaterThanOrEqual(60_000);
  expect(clock.now() - anchor).toBeLessThan(600_000);
});

it('without VMCTL_CLOCK the clock is the real one', () => {
  expect(clockOf(load(folderWith({})).clock)).toBe(systemClock);
});

it.each(['60', 'now:60', '1790000000000:0', '1790000000000:-1', '1790000000000:60x'])(
  'VMCTL_CLOCK may not be %s',
  (text) => {
    expect(problemsOf(folderWith({}), { VMCTL_CLOCK: text })).toHaveLength(1);
  },
);
