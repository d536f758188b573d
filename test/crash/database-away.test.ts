import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { openDatabase } from '../../src/records/database.ts';
import type { Verdict } from '../support/mysql-gate.ts';
import { addDoomedVm, gone, leftByTicks, lookAt, nothingLeft, zones } from './doomed-vm.ts';
import { type Call, createGatedSite, type GatedSite } from './gated-site.ts';

const speed = 20;
const leaseMs = 60_000 / speed;

let site: GatedSite;
let vms = 0;
beforeAll(async () => {
  site = await createGatedSite({ zones, speed });
});
afterAll(() => site.close());

/** From the stop request on, `meanwhile` becomes of every statement. Resolves when that begins. */
function awayFromTheStopOn(meanwhile: () => Verdict | Promise<Verdict>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let away = false;
  site.watch((call: Call) => {
    if (call.to === 'proxmox' && call.what.endsWith('/status/shutdown') && call.phase === 'after') {
      away = true;
      resolve();
    }
    return away && call.to === 'sql' ? meanwhile() : 'pass';
  });
  return promise;
}

async function nextTickFinishes(vm: Awaited<ReturnType<typeof addDoomedVm>>): Promise<void> {
  await systemClock.sleep(leaseMs * 1.05);
  site.unwatch();
  await site.tick();
  expect(await lookAt(site, vm)).toEqual(gone(vm));
  expect(await leftByTicks(site)).toEqual(nothingLeft);
}

it('a database that goes away in the middle of a terminate: the tick ends with 5 and says so, the next one finishes', async () => {
  vms += 1;
  const vm = await addDoomedVm(site, vms);
  const away = awayFromTheStopOn(() => 'cut');
  const tick = site.startGated(['cron']);
  await away;
  const ended = await tick.result;
  expect(ended.stderr).toContain('vmctl: the database is not reachable');
  expect(ended.code).toBe(5);
  await nextTickFinishes(vm);
}, 60_000);

it('a database that stops answering in the middle of a terminate: the tick ends by itself, the next one finishes', async () => {
  vms += 1;
  const vm = await addDoomedVm(site, vms);
  const held = Promise.withResolvers<Verdict>();
  awayFromTheStopOn(() => held.promise);
  const { vmTable, timeZone, hostClock: clock } = site.db;
  const url = site.gatedUrl;
  const db = await openDatabase({ url, vmTable, timeZone, clock, answerMs: 500 });
  await expect(site.tick({ db })).rejects.toThrow(/the database is not reachable|the lease of this tick has run out/);
  // Nothing of it hangs.
  await db.close();
  held.resolve('cut');
  await nextTickFinishes(vm);
}, 60_000);

it('a database that is away for a moment disturbs nothing', async () => {
  vms += 1;
  const vm = await addDoomedVm(site, vms);
  let cuts = 0;
  awayFromTheStopOn(() => {
    cuts += 1;
    return cuts <= 3 ? 'cut' : 'pass';
  });
  await site.tick({ db: site.gatedDb });
  expect(cuts).toBeGreaterThan(3);
  site.unwatch();
  expect(await lookAt(site, vm)).toEqual(gone(vm));
  expect(await leftByTicks(site)).toEqual(nothingLeft);
}, 60_000);
