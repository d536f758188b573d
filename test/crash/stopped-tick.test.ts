import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import type { Verdict } from '../support/mysql-gate.ts';
import type { RunningProcess } from '../support/process.ts';
import { addDoomedVm, type DoomedVm, gone, lookAt, zones } from './doomed-vm.ts';
import { type Call, createGatedSite, type GatedSite } from './gated-site.ts';

const speed = 20;
const leaseMs = 60_000 / speed;

let site: GatedSite;
let vms = 0;
beforeAll(async () => {
  site = await createGatedSite({ zones, speed });
});
afterAll(() => site.close());

function nextVm(): Promise<DoomedVm> {
  vms += 1;
  return addDoomedVm(site, vms);
}

/** Every row of every table. */
async function tables(): Promise<Record<string, unknown[]>> {
  const { knex } = site.db;
  const names = await knex('information_schema.tables')
    .whereRaw('table_schema = DATABASE()')
    .select({ name: 'table_name' });
  const rows = await Promise.all(names.map(async ({ name }): Promise<[string, unknown[]]> => [name, await knex(name)]));
  return Object.fromEntries(rows);
}

/** Everything that Proxmox was asked to change, what it did since, and every change of a zone. */
async function changes(): Promise<unknown[]> {
  const { log, world } = site.proxmox;
  const asked = log.filter(({ method }) => method !== 'GET').map(({ method, path }) => `${method} ${path}`);
  const serials = await Promise.all(zones.map((zone) => site.dns.zone(zone).serial()));
  return [...asked, Object.keys(world.vms), Object.keys(world.volumes), ...serials];
}

const isSql = ({ to, what }: Call, text: RegExp) => to === 'sql' && text.test(what);
const isProxmox = ({ to, what }: Call, text: RegExp) => to === 'proxmox' && text.test(what);

/** Where a tick is stopped: at this call, in this phase; `before` is the call before it. */
interface Stop {
  readonly where: string;
  readonly phase: Call['phase'];
  readonly at: (call: Call, earlier: readonly Call[]) => boolean;
}

const stops: readonly Stop[] = [
  {
    where: 'while it looks for due rows',
    phase: 'before',
    at: (call, earlier) =>
      isSql(call, /^select `id`.* limit/) && earlier.some((one) => isSql(one, /^delete from `mod_vmctl_ticks`/)),
  },
  {
    where: 'while the guest shuts down',
    phase: 'after',
    at: (call, earlier) => isProxmox(call, /^GET .*current$/) && earlier.some((one) => isProxmox(one, /shutdown$/)),
  },
  { where: 'right before the shutdown', phase: 'after', at: (call) => isProxmox(call, /^GET .*\/tasks$/) },
  {
    where: 'right before it deletes a backup',
    phase: 'after',
    at: (call) => isProxmox(call, /extractconfig$/),
  },
  {
    where: 'right before it deletes DNS records',
    phase: 'after',
    at: ({ to, what }) => to === 'dns' && /^GET/.test(what),
  },
  {
    where: 'right before it takes its place among the destroys',
    phase: 'after',
    at: (call) => isSql(call, /mod_vmctl_slots/),
  },
  {
    where: 'right before the DELETE',
    phase: 'after',
    at: (call, earlier) =>
      isSql(call, /^COMMIT/) &&
      earlier
        .filter(({ to }) => to === 'sql')
        .at(-2)
        ?.what.startsWith('update `mod_vmctl_slots` set `claim_token`') === true,
  },
  { where: 'with the DELETE on its way', phase: 'before', at: (call) => isProxmox(call, /^DELETE .*\/qemu\//) },
  {
    where: 'with the answer to the DELETE on its way',
    phase: 'after',
    at: (call) => isProxmox(call, /^DELETE .*\/qemu\//),
  },
  { where: 'right before it cleans the records', phase: 'after', at: (call) => isProxmox(call, /local-lvm\/content$/) },
];

it.each(stops)(
  'a tick stopped $where, past its lease, and continued changes nothing any more',
  async ({ phase, at }) => {
    const vm = await nextVm();
    const stopped = Promise.withResolvers<void>();
    const released = Promise.withResolvers<void>();
    const earlier: Call[] = [];
    let reached = false;
    let tick: RunningProcess | undefined;
    site.watch(async (call): Promise<Verdict> => {
      const here = !reached && call.phase === phase && at(call, earlier);
      if (call.phase === 'before') earlier.push(call);
      if (!here) return 'pass';
      reached = true;
      tick?.kill('SIGSTOP');
      stopped.resolve();
      await released.promise;
      return 'pass';
    });
    tick = site.startGated(['cron', '--verbose']);
    await Promise.race([stopped.promise, tick.result]);
    expect(reached).toBe(true);
    await systemClock.sleep(leaseMs * 1.05);
    const other = await site.vmctl(['cron', '--verbose']);
    expect(other).toMatchObject({ code: 0, stderr: '' });
    expect(await lookAt(site, vm)).toEqual(gone(vm));

    // Work that is due would be taken by whoever believes to be alive.
    const due = await nextVm();
    const before = { tables: await tables(), changes: await changes() };
    released.resolve();
    tick.kill('SIGCONT');
    const ended = await tick.result;
    expect(await tables()).toEqual(before.tables);
    expect(await changes()).toEqual(before.changes);
    expect(ended.stderr).toContain('vmctl: the lease of this tick has run out');
    expect(ended.code).toBe(12);
    await site.db.knex(site.db.vmTable).where({ id: due.row.id }).update({ vm_status: 'remove' });
  },
  60_000,
);
