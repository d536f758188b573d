import type { ProxmoxError } from '../../proxmox/errors.ts';
import type { Wait } from '../../records/vm-row.ts';
import type { StepContext } from '../context.ts';
import { StepFailure } from '../failures.ts';
import type { Outcome } from '../pipeline.ts';
import { lockedOutcome, waitForLock } from './may-act.ts';
import { requestStop, stopSeconds } from './stop-request.ts';

/** Seed: polled every 5 s, up to 120 s gracefully, then forced and up to 60 s more, a heartbeat every 15 s. */
const pollMs = 5_000;
const heartbeatMs = 15_000;
const windows = {
  graceful: { ms: stopSeconds * 1000, next: 'forced' },
  forced: { ms: 60_000, next: undefined },
} as const;
type Window = keyof typeof windows;

/** `since`: when the first stop was sent; `until`: the end of the window. */
type WindowWait = Wait & { readonly for: Window; readonly until: string };

/** Stops the VM. The window is persisted, so that a tick that takes over goes on with it instead of starting anew. */
export async function stopVm(context: StepContext): Promise<Outcome> {
  const { row, vm, signal, dbNow } = context;
  const wait = windowOf(context);
  if (row.vm_id === null) return { kind: 'skipped', why: 'no VM' };
  // While it waits only the power state is asked for, in one request a node; before each call that acts, the identity.
  const known = wait === undefined ? null : row.node;
  const node = known ?? (await vm.identified())?.node;
  if (node === undefined) return { kind: 'skipped', why: 'gone' };
  // Before the reading: a tick that stood still meanwhile does not take an old reading for the end of the window.
  const asked = dbNow();
  const { status } = wait
    ? await (await vm.cluster()).watch.power(node, row.vm_id, { signal })
    : await vm.power(node, row.vm_id, signal);
  if (status === 'elsewhere') return follow(context);
  if (status === 'stopped') return stopped(context);
  return wait === undefined ? request(context, 'graceful', undefined) : stillRunning(context, wait, asked);
}

function windowOf({ progress: { wait } }: StepContext): WindowWait | undefined {
  if (wait?.for !== 'graceful' && wait?.for !== 'forced') return undefined;
  return wait.until === undefined ? undefined : { ...wait, for: wait.for, until: wait.until };
}

/** Missing from its node's list means moved or gone, never stopped. */
async function follow({ vm, progress, dbNow }: StepContext): Promise<Outcome> {
  vm.forget();
  const found = await vm.identified();
  if (!found) return { kind: 'done', why: 'gone' };
  const wait = progress.wait ?? { for: 'its new node', since: new Date(dbNow()).toISOString() };
  return { kind: 'wait', wait, pollMs: 1_000, learned: { node: found.node } };
}

function stopped(context: StepContext): Outcome {
  const { say, dbNow } = context;
  const wait = windowOf(context);
  if (wait === undefined) return { kind: 'skipped', why: 'already stopped' };
  say(`stopped after ~${Math.round((dbNow() - Date.parse(wait.since)) / 1000)}s`);
  return { kind: 'done' };
}

/** Sends the stop, or the forced stop, after another look at who the VM is. */
async function request(context: StepContext, window: Window, before: WindowWait | undefined): Promise<Outcome> {
  const { say, vm, dbNow } = context;
  const found = await vm.identified();
  if (!found) return { kind: 'done', why: 'gone' };
  const locked = waitForLock(context, found);
  if (locked) return locked;
  const upid = await requestStop(await vm.cluster(), found, window === 'forced');
  say(window === 'graceful' ? 'stop request sent' : 'force-stop sent');
  const now = dbNow();
  const since = before?.since ?? new Date(now).toISOString();
  const until = new Date(now + windows[window].ms).toISOString();
  return { kind: 'wait', wait: { for: window, since, until, upid }, pollMs, learned: { node: found.node } };
}

async function stillRunning(context: StepContext, wait: WindowWait, asked: number): Promise<Outcome> {
  const { say } = context;
  const { ms, next } = windows[wait.for];
  const waited = ms - (Date.parse(wait.until) - asked);
  if (waited >= ms) return next === undefined ? hangs(context, wait) : request(context, next, wait);
  const beats = Math.floor(waited / heartbeatMs);
  // Its task is asked for at the first poll, where a refusal shows, and with each heartbeat.
  if (wait.tries !== undefined && beats <= wait.tries) return { kind: 'wait', wait, pollMs };
  if (beats > 0) say(`still running, waited ${beats * (heartbeatMs / 1000)}s / ${ms / 1000}s, status: running`);
  if (wait.upid === undefined)
    return { kind: 'wait', wait: { ...wait, upid: await askAgain(context, wait), tries: beats }, pollMs };
  const failed = await failureOf(context, wait.upid);
  if (failed?.reason === 'locked') return lockedOutcome(context, failed.lock ?? 'unknown', context.row.vm_id ?? 0);
  if (failed && next !== undefined) {
    context.complain(`stop ERR ${failed.text}`);
    return request(context, next, wait);
  }
  return { kind: 'wait', wait: { ...wait, tries: beats }, pollMs };
}

/** The answer to the stop was lost: adopts its task, or sends it once more; a VM that has got two stops just stops. */
async function askAgain({ vm }: StepContext, wait: WindowWait): Promise<string | undefined> {
  const found = await vm.identified();
  return found && requestStop(await vm.cluster(), found, wait.for === 'forced');
}

/** The seed hopes that purge=1 reaps a hung VM, but Proxmox refuses to delete a running one: nothing is sent. */
async function hangs(context: StepContext, wait: WindowWait): Promise<never> {
  const { row } = context;
  const failed = wait.upid === undefined ? undefined : await failureOf(context, wait.upid);
  const why = failed === undefined ? '' : ` (the stop failed: ${failed.text})`;
  throw new StepFailure(
    `VM is still running after ${stopSeconds}s and, forced, ${windows.forced.ms / 1000}s more${why}; Proxmox does not delete a running VM`,
    `see why it hangs, stop it by hand (on ${row.node}: qm stop ${row.vm_id}), then: vmctl reset ${row.id} terminate`,
  );
}

/** A stop task that has failed will not stop the VM: no use in waiting for it. */
async function failureOf({ vm, signal }: StepContext, upid: string): Promise<ProxmoxError | undefined> {
  const task = await (await vm.cluster()).watch.task(upid, { signal });
  return task.state === 'failed' ? task.error : undefined;
}
