import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import type { Verdict } from '../support/mysql-gate.ts';
import { addDoomedVm, type DoomedVm, zones } from './doomed-vm.ts';
import { createGatedSite, type GatedSite } from './gated-site.ts';

/** A statement that waits for a lock of the tick's is not waited for: the tick would wait for it in turn. */
const patienceMs = 25;

/** No tick is to run out here, however busy the machine. */
const env = { CLAIM_LEASE_SECONDS: '1200' };

let sites: GatedSite[];
const numbers = new Map<GatedSite, number>();
beforeAll(async () => {
  sites = await Promise.all([1, 2, 3].map(() => createGatedSite({ zones, speed: 50, env })));
});
afterAll(() => Promise.all(sites.map((site) => site.close())));

function nextVm(site: GatedSite): Promise<DoomedVm> {
  const n = (numbers.get(site) ?? 0) + 1;
  numbers.set(site, n);
  return addDoomedVm(site, n);
}

/** The panel asks nobody: it writes the state alone. */
function panelWrites(site: GatedSite, { row }: DoomedVm, vm_status: string): Promise<unknown> {
  return site.db.knex(site.db.vmTable).where({ id: row.id }).update({ vm_status }).then();
}

/** A tick, at whose SQL call number `index` the panel writes `vm_status`. Gives how many calls there were. */
async function tickWith(site: GatedSite, vm: DoomedVm, index: number, vm_status: string): Promise<number> {
  let calls = 0;
  let written: Promise<unknown> = Promise.resolve();
  site.watch(async (call): Promise<Verdict> => {
    if (call.to !== 'sql' || call.phase === 'after') return 'pass';
    calls += 1;
    if (calls !== index) return 'pass';
    written = panelWrites(site, vm, vm_status);
    await Promise.race([written, systemClock.sleep(patienceMs)]);
    return 'pass';
  });
  await site.tick({ db: site.gatedDb });
  site.unwatch();
  await written;
  return calls;
}

/** Calls a terminate back at its SQL call number `index`, then asks for it again. Gives what is wrong after each. */
async function callBack(site: GatedSite, index: number): Promise<string[]> {
  const vm = await nextVm(site);
  const calls = await tickWith(site, vm, index, 'ready');
  // Looks come by time: this run had less of them.
  if (calls < index) return [];
  await site.tick();
  const back = await site.row(vm.row.id);
  if (back.vm_status !== 'ready' || back.claim_token !== null)
    return [`call ${index}: ${back.vm_status}, claimed by ${back.claim_token}`];
  // Called back, the machine was started again: what had been stopped does not count any more.
  const machine = site.proxmox.world.vms[vm.vmid];
  if (machine) machine.running = true;
  await panelWrites(site, vm, 'terminate');
  const { lines } = await site.tick();
  const { vm_status, status_message } = await site.row(vm.row.id);
  const gone = site.proxmox.world.vms[vm.vmid] === undefined;
  return vm_status === 'remove' && gone ? [] : [`call ${index}, again: ${vm_status} ${status_message}`, ...lines];
}

it('`terminate` and `ready` written by the panel at any SQL call of a terminate are not lost: after quiet, the row ends as the last of them says', async () => {
  const [first] = sites;
  if (!first) throw new Error('there is no site');
  const count = await tickWith(first, await nextVm(first), 0, 'ready');
  expect(count).toBeGreaterThan(80);
  const left = Array.from({ length: count }, (_, n) => n + 1);
  const wrong: string[] = [];
  await Promise.all(
    sites.map(async (site) => {
      for (let index = left.shift(); index !== undefined; index = left.shift())
        wrong.push(...(await callBack(site, index)));
    }),
  );
  expect(wrong).toEqual([]);
}, 300_000);
