import { ProxmoxError } from '../../proxmox/errors.ts';
import type { Wait } from '../../records/vm-row.ts';
import type { StepContext } from '../context.ts';
import { StepFailure } from '../failures.ts';
import type { IdentifiedVm } from '../find-vm.ts';
import type { Outcome } from '../pipeline.ts';
import { proveGone } from './prove-gone.ts';

const pollMs = 1_000;
/** How long a DELETE whose answer was lost may still begin: on a busy real node it was 38 s. */
const lostMs = 45_000;

/**
 * Destroys the VM: sends the DELETE, follows its task, proves the death. An attempt that was cut off looks for its task
 * before it sends another.
 */
export async function deleteVm(context: StepContext): Promise<Outcome> {
  const { row, progress, vm, resumed } = context;
  if (row.vm_id === null) return { kind: 'skipped', why: 'no VM' };
  const wait = progress.wait;
  try {
    if (wait?.upid !== undefined) return await followTask(context, wait, wait.upid);
    const found = await vm.identified();
    if (!found) return await gone(context, wait);
    if (resumed || wait?.for === 'lost') return await look(context, found, wait);
    return await send(context, found, wait);
  } catch (error) {
    if (!(error instanceof ProxmoxError)) throw error;
    if (error.reason === 'cluster-unreachable' || error.reason === 'no-quorum') throw error;
    throw refused(context, error);
  }
}

async function send(context: StepContext, found: IdentifiedVm, wait: Wait | undefined): Promise<Outcome> {
  const { say, vm } = context;
  const cluster = await vm.cluster();
  if (!(await context.takeSlot(`destroy:${cluster.name}/${found.node}`, cluster.limits.destroysPerNode))) {
    return { kind: 'wait', wait: newWait(context, 'slot', wait), pollMs };
  }
  // The place in the queue may have taken longer than a reading of the identity lasts.
  const still = await vm.identified();
  if (!still) return gone(context, wait);
  say(`DELETE VM vmid=${found.vmid} node=${still.node} purge=1`);
  try {
    const upid = await cluster.destroyVm(still.node, found.vmid);
    return {
      kind: 'wait',
      wait: { ...newWait(context, 'destroy', wait), upid },
      pollMs: 500,
      learned: { node: still.node },
    };
  } catch (error) {
    vm.forget();
    if (!(error instanceof ProxmoxError)) throw error;
    if (error.reason === 'gone') return { kind: 'wait', wait: newWait(context, 'gone', wait), pollMs: 0 };
    if (error.kind !== 'unknown') throw error;
    say(`the answer was lost (${error.text}), looking whether it was received`);
    return { kind: 'wait', wait: newWait(context, 'lost', wait), pollMs };
  }
}

function newWait({ dbNow }: StepContext, name: string, before: Wait | undefined): Wait {
  const since = before?.for === name ? before.since : new Date(dbNow()).toISOString();
  return { for: name, since, tries: before?.tries ?? 0 };
}

/** A DELETE may have been sent before: adopts its task. Only when none turns up is it sent again. */
async function look(context: StepContext, found: IdentifiedVm, wait: Wait | undefined): Promise<Outcome> {
  const { row, vm, dbNow, progress, settings } = context;
  const cluster = await vm.cluster();
  const upid = await cluster.watch.latestTask(found.node, found.vmid, 'qmdestroy', { since: progress.startedAt });
  if (upid !== undefined) return followTask(context, newWait(context, 'destroy', wait), upid);
  if (wait?.for !== 'lost') return send(context, found, wait);
  vm.forget();
  if (dbNow() - Date.parse(wait.since) < lostMs) return { kind: 'wait', wait, pollMs: 3_000 };
  const tries = (wait.tries ?? 0) + 1;
  if (tries > settings.proxmoxMaxRetries) {
    throw new StepFailure(
      `the answer to DELETE was lost ${tries} times, and VM ${row.vm_id} still exists`,
      `see the load of ${found.node}, then: vmctl reset ${row.id} terminate`,
    );
  }
  return send(context, found, { ...wait, tries });
}

async function followTask(context: StepContext, wait: Wait, upid: string): Promise<Outcome> {
  const { vm, signal, say } = context;
  const task = await (await vm.cluster()).watch.task(upid, { signal });
  if (task.state === 'running') return { kind: 'wait', wait: { ...wait, upid }, pollMs };
  vm.forget();
  if (task.state === 'failed') return failedTask(context, wait, task.error);
  if (task.warnings > 0)
    say(`the destroy task ended with warnings: ${task.log.filter((line) => /warn/i.test(line)).join('; ')}`);
  say('VM deleted');
  return proveGone(context);
}

/** What went wrong in the task may have gone wrong after the VM was gone; a passing cause is tried again. */
async function failedTask(context: StepContext, wait: Wait, error: ProxmoxError): Promise<Outcome> {
  const { vm, complain, settings } = context;
  if (!(await vm.identified())) return gone(context, wait);
  const tries = (wait.tries ?? 0) + 1;
  if (error.kind === 'permanent' || tries > settings.proxmoxMaxRetries) throw error;
  complain(`DELETE ERR ${error.text}, trying again`);
  const pollMs = settings.proxmoxRetryBaseDelay * 1000 * 2 ** (tries - 1);
  return { kind: 'wait', wait: { ...newWait(context, 'again', wait), tries }, pollMs };
}

async function gone(context: StepContext, wait: Wait | undefined): Promise<Outcome> {
  context.say(wait?.for === 'lost' || wait?.for === 'destroy' ? 'VM deleted' : 'VM already gone');
  return proveGone(context);
}

/** Every other refusal ends the attempt; nothing of it is overridden. */
function refused({ complain }: StepContext, error: ProxmoxError): StepFailure {
  complain(`DELETE ERR ${error.text}`);
  return new StepFailure(error.text, error.cure, error);
}
