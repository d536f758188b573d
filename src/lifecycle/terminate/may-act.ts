import { type Refusal, waitsForLock, wouldRefuse } from '../../proxmox/refusals.ts';
import type { Settings } from '../../settings/types.ts';
import type { StepContext } from '../context.ts';
import { StepFailure } from '../failures.ts';
import type { IdentifiedVm } from '../find-vm.ts';
import type { Outcome } from '../pipeline.ts';

/** Why the DELETE of a VM must fail, or must not be: by its configuration, or because it is one of the cluster's templates. */
export function refusalOf({ clusters }: Settings, { vmid, cluster, config }: IdentifiedVm): Refusal | undefined {
  if (clusters.find(({ name }) => name === cluster)?.templates.includes(vmid)) {
    return { reason: `VM ${vmid} is a template of ${cluster}`, cure: 'check the VMID of the row' };
  }
  return wouldRefuse(config);
}

/**
 * Whether anything of a VM may be touched. Undefined: yes. A passing lock makes the row wait, up to LOCK_WAIT_MINUTES:
 * night backups are not failures.
 * @throws StepFailure when its configuration shows that the DELETE must fail: then nothing of it is removed.
 */
export function waitForLock(context: StepContext, vm: IdentifiedVm): Outcome | undefined {
  const refusal = refusalOf(context.settings, vm);
  if (refusal) throw new StepFailure(refusal.reason, refusal.cure);
  const lock = waitsForLock(vm.config);
  return lock === undefined ? undefined : lockedOutcome(context, lock, vm.vmid);
}

/** @throws StepFailure when the wait has been too long. */
export function lockedOutcome({ progress, settings, dbNow }: StepContext, lock: string, vmid: number): Outcome {
  const lockedSince = progress.lockedSince ?? new Date(dbNow()).toISOString();
  const minutes = Math.floor((dbNow() - Date.parse(lockedSince)) / 60_000);
  const why = `VM is locked (${lock}), waited ${minutes} of ${settings.lockWaitMinutes} minutes`;
  if (minutes >= settings.lockWaitMinutes) {
    throw new StepFailure(why, `see what holds the lock; if nothing does any more, on its node: qm unlock ${vmid}`);
  }
  // The attempt has not started, as far as the VM is concerned: it begins anew with the preflight.
  return { kind: 'later', why, inMs: 60_000, progress: { phase: undefined, wait: undefined, lockedSince } };
}
