import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import type { Verdict } from '../support/mysql-gate.ts';
import { addDoomedVm, gone, leftByTicks, lookAt, nothingLeft, zones } from './doomed-vm.ts';
import { createGatedSite, type GatedSite } from './gated-site.ts';

const speed = 10;
const leaseMs = 60_000 / speed;

let site: GatedSite;
beforeAll(async () => {
  site = await createGatedSite({ zones, speed });
});
afterAll(() => site.close());

it('a tick that is told twice to stop drops a DELETE that is on its way, and nobody takes the row before its claim has run out', async () => {
  const vm = await addDoomedVm(site, 1);
  const sent = Promise.withResolvers<void>();
  const held = Promise.withResolvers<Verdict>();
  site.watch(({ to, what, phase }) => {
    if (to !== 'proxmox' || phase === 'after' || !/^DELETE .*\/qemu\//.test(what)) return 'pass';
    sent.resolve();
    return held.promise;
  });
  const tick = site.startGated(['cron', '--verbose']);
  await sent.promise;
  tick.kill('SIGTERM');
  while (!tick.output.stderr.includes('SIGTERM')) await systemClock.sleep(10);
  tick.kill('SIGTERM');
  expect((await tick.result).code).toBe(143);
  expect(await leftByTicks(site)).toMatchObject({ ticks: 1, claims: 1 });

  // Proxmox gets to it only now.
  const early = await site.tick();
  expect(early.lines).toEqual([]);
  held.resolve('pass');
  await systemClock.sleep(leaseMs);
  await site.tick();
  expect(await lookAt(site, vm)).toEqual(gone(vm));
  expect(await leftByTicks(site)).toEqual(nothingLeft);
}, 60_000);
