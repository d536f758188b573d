import type { Cluster } from '../../proxmox/cluster.ts';
import { ProxmoxError } from '../../proxmox/errors.ts';
import type { Wait } from '../../records/vm-row.ts';
import type { StepContext } from '../context.ts';
import type { IdentifiedVm } from '../find-vm.ts';
import { type Outcome, StepFailure } from '../pipeline.ts';
import { lockedOutcome, waitForLock } from './may-act.ts';

/** Seed: polled every 5 s, up to 120 s gracefully, then forced and up to 60 s more, a heartbeat every 15 s. */
const pollMs = 5_000;
const heartbeatMs = 15_000;
/** Time for a guest to shut down, after which Proxmox forces it by itself. */
export const stopSeconds = 120;
const windows = {
  graceful: { ms: stopSeconds * 1000, next: 'forced' },
  forced: { ms: 60_000, next: undefined },
} as const;
type Window = keyof typeof windows;

/** Stops the VM. The window is persisted, so that a tick that takes over goes on with it instead of starting anew. */
export async function stopVm(context: StepContext): Promise<Outcome> {
  const { row, vm, signal } = context;
  const wait = windowOf(context);
  if (row.vm_id === null) return { kind: 'skipped', why: 'no VM' };
  // While it waits only the power state is asked for, in one request a node; before each call that acts, the identity.
  const known = wait === undefined ? null : row.node;
  const node = known ?? (await vm.identified())?.node;
  if (node === undefined) return { kind: 'skipped', why: 'gone' };
  const { status } = await (await vm.cluster()).watch.power(node, row.vm_id, { signal });
  if (status === 'elsewhere') return follow(context);
  if (status === 'stopped') return stopped(context);
  return wait === undefined ? request(context, 'graceful') : stillRunning(context, wait, wait.for);
}

type WindowWait = Wait & { readonly for: Window };

function windowOf({ progress: { wait } }: StepContext): WindowWait | undefined {
  if (wait?.for === 'graceful' || wait?.for === 'forced') return { ...wait, for: wait.for };
  return undefined;
}

/** Missing from its node's list means moved or gone, never stopped. */
async function follow({ vm, progress, dbNow }: StepContext): Promise<Outcome> {
  vm.forget();
  const found = await vm.identified();
  if (!found) return { kind: 'done', why: 'gone' };
  const wait = progress.wait ?? { for: 'its new node', since: new Date(dbNow()).toISOString() };
  return { kind: 'wait', wait, pollMs: 1_000, learned: { node: found.node } };
}

function newWait(now: number, window: Window, ms: number, upid?: string): Wait {
  return { for: window, since: new Date(now).toISOString(), until: new Date(now + ms).toISOString(), upid };
}

function stopped(context: StepContext): Outcome {
  const { say, dbNow } = context;
  const wait = windowOf(context);
  if (wait === undefined) return { kind: 'skipped', why: 'already stopped' };
  const before = wait.for === 'forced' ? windows.graceful.ms : 0;
  say(`stopped after ~${Math.round((before + dbNow() - Date.parse(wait.since)) / 1000)}s`);
  return { kind: 'done' };
}

/** Sends the stop, or the forced stop, after another look at who the VM is. */
async function request(context: StepContext, window: Window): Promise<Outcome> {
  const { say, vm, dbNow } = context;
  const found = await vm.identified();
  if (!found) return { kind: 'done', why: 'gone' };
  const locked = waitForLock(context, found);
  if (locked) return locked;
  const upid = await send(await vm.cluster(), found, window);
  say(window === 'graceful' ? 'stop request sent' : 'force-stop sent');
  return {
    kind: 'wait',
    wait: newWait(dbNow(), window, windows[window].ms, upid),
    pollMs,
    learned: { node: found.node },
  };
}

/** The task's UPID; undefined when the answer was lost: the VM's state tells then whether it was received. */
async function send(cluster: Cluster, vm: IdentifiedVm, window: Window): Promise<string | undefined> {
  const { node, vmid, ha } = vm;
  try {
    if (window === 'forced') return await cluster.forceStop(node, vmid, { ha });
    // The panel, or a tick that was cut off, may have asked already: a second shutdown would only wait for the first.
    const running = await cluster.watch.activeTask(node, vmid, 'qmshutdown');
    if (running !== undefined) return running;
    // Ends by itself, also if nobody looks after it any more.
    return await cluster.shutdown(node, vmid, { timeoutSeconds: stopSeconds, forceStop: true });
  } catch (error) {
    if (error instanceof ProxmoxError && error.kind === 'unknown') return undefined;
    throw error;
  }
}

async function stillRunning(context: StepContext, wait: Wait, window: Window): Promise<Outcome> {
  const { say, dbNow } = context;
  const { ms, next } = windows[window];
  const waited = dbNow() - Date.parse(wait.since);
  if (waited >= ms) return next === undefined ? hangs(context) : request(context, next);
  const beats = Math.floor(waited / heartbeatMs);
  if (beats > (wait.tries ?? 0)) {
    say(`still running, waited ${beats * (heartbeatMs / 1000)}s / ${ms / 1000}s, status: running`);
    const failed = await failureOf(context, wait.upid);
    if (failed?.reason === 'locked') return lockedOutcome(context, failed.lock ?? 'unknown', context.row.vm_id ?? 0);
    if (failed && next !== undefined) {
      say(`stop ERR ${failed.text}`);
      return request(context, next);
    }
  }
  return { kind: 'wait', wait: { ...wait, tries: beats }, pollMs };
}

/** The seed hopes that purge=1 reaps a hung VM, but Proxmox refuses to delete a running one: nothing is sent. */
function hangs({ row }: StepContext): never {
  throw new StepFailure(
    `VM is still running after ${stopSeconds}s and, forced, ${windows.forced.ms / 1000}s more; Proxmox does not delete a running VM`,
    `see why it hangs, stop it by hand (on ${row.node}: qm stop ${row.vm_id}), then: vmctl reset ${row.id} terminate`,
  );
}

/** A stop task that has failed will not stop the VM: no use in waiting for it. */
async function failureOf({ vm, signal }: StepContext, upid: string | undefined): Promise<ProxmoxError | undefined> {
  if (upid === undefined) return undefined;
  const task = await (await vm.cluster()).watch.task(upid, { signal });
  return task.state === 'failed' ? task.error : undefined;
}
