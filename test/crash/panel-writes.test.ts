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

/** `check` for each SQL call of a terminate, as many at a time as there are sites. Gives what it complains of. */
async function atEveryCall(check: (site: GatedSite, index: number) => Promise<string[]>): Promise<string[]> {
  const [first] = sites;
  if (!first) throw new Error('there is no site');
  const count = await tickWith(first, await nextVm(first), 0, 'ready');
  expect(count).toBeGreaterThan(80);
  const left = Array.from({ length: count }, (_, n) => n + 1);
  const complaints: string[] = [];
  await Promise.all(
    sites.map(async (site) => {
      for (let index = left.shift(); index !== undefined; index = left.shift())
        complaints.push(...(await check(site, index)));
    }),
  );
  return complaints;
}

it('what the panel writes at any SQL call of a terminate is not lost: after quiet, the row stands where it said, claimed by nobody', async () => {
  const complaints = await atEveryCall(async (site, index) => {
    const vm = await nextVm(site);
    await tickWith(site, vm, index, 'ready');
    await site.tick();
    const { vm_status, claim_token } = await site.row(vm.row.id);
    return vm_status === 'ready' && claim_token === null ? [] : [`call ${index}: ${vm_status} ${claim_token}`];
  });
  expect(complaints).toEqual([]);
}, 300_000);

it('`terminate` written by the panel after it had called a terminate back is begun anew, from the start', async () => {
  const complaints = await atEveryCall(async (site, index) => {
    const vm = await nextVm(site);
    await tickWith(site, vm, index, 'ready');
    // Called back, the machine is started again; what was stopped, removed or deleted before does not count any more.
    const machine = site.proxmox.world.vms[vm.vmid];
    if (machine) machine.running = true;
    await panelWrites(site, vm, 'terminate');
    const { lines } = await site.tick();
    const { vm_status, status_message } = await site.row(vm.row.id);
    const alive = site.proxmox.world.vms[vm.vmid] !== undefined;
    return vm_status === 'remove' && !alive ? [] : [`call ${index}: ${vm_status} ${status_message}`, ...lines];
  });
  expect(complaints).toEqual([]);
}, 300_000);
