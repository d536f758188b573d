import { expect } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import type { Verdict } from '../support/mysql-gate.ts';
import type { RunningProcess } from '../support/process.ts';
import { addDoomedVm, gone, leftByTicks, lookAt, nothingLeft } from './doomed-vm.ts';
import type { Call, GatedSite } from './gated-site.ts';

/** A moment of a terminate: the nth call that says the same but for ids and times, before or after its effect. */
export interface Point {
  readonly to: Call['to'];
  readonly what: string;
  readonly nth: number;
  readonly phase: Call['phase'];
}

/** What became of a point. `reached` is false where the run had no such call: looks and renewals come by time. */
export interface Trial {
  readonly point: Point;
  readonly reached: boolean;
  readonly problems: readonly string[];
}

/** A lane has one VM at a time, each with a number of its own. */
const numbers = new WeakMap<GatedSite, number>();

async function nextVm(site: GatedSite) {
  const n = (numbers.get(site) ?? 0) + 1;
  numbers.set(site, n);
  // As on the first day: the places are made anew by each run, so that those calls are points too.
  await site.db.knex('mod_vmctl_slots').delete();
  // What a trial that went wrong has left is its own failure, not the next one's.
  await site.db.knex(site.db.vmTable).update({ vm_status: 'remove', claim_token: null });
  return addDoomedVm(site, n);
}

/** Says the same for two calls that differ in ids, addresses and times only. */
function shape({ to, what }: Pick<Call, 'to' | 'what'>): string {
  return `${to} ${what.replace(/'(?:[^'\\]|\\.)*'/g, '?').replace(/UPID:[^/]*|[\w-]*\d[\w.-]*/g, '?')}`;
}

/** Counts the calls of one shape. */
function counter(): (call: Call) => number {
  const seen = new Map<string, number>();
  return (call) => {
    const nth = (seen.get(shape(call)) ?? 0) + 1;
    seen.set(shape(call), nth);
    return nth;
  };
}

/** The points of a terminate that nothing disturbs, all before their effect, in the first of these sites. */
export async function pointsOf([site]: readonly GatedSite[]): Promise<Point[]> {
  if (!site) throw new Error('there is no site');
  // The first tick of all has a little more to do than the others.
  await undisturbed(site);
  return undisturbed(site);
}

async function undisturbed(site: GatedSite): Promise<Point[]> {
  const vm = await nextVm(site);
  const points: Point[] = [];
  const count = counter();
  site.watch((call) => {
    if (call.phase === 'before') points.push({ to: call.to, what: call.what, nth: count(call), phase: 'before' });
    return 'pass';
  });
  const ended = await site.startGated(['cron', '--verbose']).result;
  site.unwatch();
  expect(ended).toMatchObject({ code: 0, stderr: '' });
  expect(await lookAt(site, vm)).toEqual(gone(vm));
  return points;
}

/**
 * Kills a tick at a point with SIGKILL, waits until its lease has run out, runs one more tick, and tells what differs
 * from a terminate that nothing disturbed.
 */
async function tryPoint(site: GatedSite, point: Point, leaseMs: number): Promise<Trial> {
  const vm = await nextVm(site);
  const problems: string[] = [];
  const counts = { before: counter(), after: counter() };
  let reached = false;
  let tick: RunningProcess | undefined;
  site.watch(async (call): Promise<Verdict> => {
    const here = counts[call.phase](call) === point.nth && call.phase === point.phase && shape(call) === shape(point);
    if (!here || reached) return 'pass';
    reached = true;
    tick?.kill('SIGKILL');
    await tick?.result;
    return 'cut';
  });
  tick = site.startGated(['cron']);
  await tick.result;
  const killed = await lookAt(site, vm);
  if (killed.vm && killed.address !== 'allocated')
    problems.push(`its address is ${killed.address}, and the VM is there`);
  if (killed.vm && killed.service.dedicatedip !== vm.address) problems.push('WHMCS has lost a VM that is there');
  if (reached) await systemClock.sleep(leaseMs * 1.05);
  site.unwatch();
  const next = await site.tick();
  problems.push(...next.alarms);
  try {
    expect(await lookAt(site, vm)).toEqual(gone(vm));
    expect(await leftByTicks(site)).toEqual(nothingLeft);
  } catch (error) {
    problems.push(`${error}`);
  }
  return { point, reached, problems: problems.length === 0 ? [] : [...problems, ...next.lines] };
}

/** Tries all points, each once before and once after its effect, as many at a time as there are sites. */
export async function walk(sites: readonly GatedSite[], points: readonly Point[], leaseMs: number): Promise<Trial[]> {
  const left = points.flatMap((point): Point[] => [point, { ...point, phase: 'after' }]);
  const trials: Trial[] = [];
  await Promise.all(
    sites.map(async (site) => {
      for (let point = left.shift(); point !== undefined; point = left.shift()) {
        trials.push(await tryPoint(site, point, leaseMs));
      }
    }),
  );
  return trials;
}

/** The trials that went wrong, in words. */
export function failures(trials: readonly Trial[]): string[] {
  return trials
    .filter(({ problems }) => problems.length > 0)
    .map(({ point, problems }) =>
      [`killed ${point.phase} ${point.to} ${point.what} (${point.nth})`, ...problems].join('\n'),
    );
}

/** What was to be killed and never came, but for what comes by time: looks at what is due, renewals, polls. */
export function unreached(trials: readonly Trial[]): string[] {
  const byTime = /^(select|GET|BEGIN|COMMIT|SET|update `mod_vmctl_ticks`)/;
  return trials
    .filter(({ reached, point }) => !reached && !byTime.test(point.what))
    .map(({ point }) => `${point.phase} ${point.to} ${point.what} (${point.nth})`);
}
