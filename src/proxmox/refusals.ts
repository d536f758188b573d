import { cureFor } from './cures.ts';
import type { VmConfig } from './vm-config.ts';

/** Something in a VM's configuration that makes its DELETE fail for sure. */
export interface Refusal {
  /** In Proxmox's words where it has some. */
  readonly reason: string;
  readonly cure: string | undefined;
}

/** Locks of operations that end by themselves; others stay until somebody acts. */
const passingLocks = new Set([
  'backup',
  'clone',
  'create',
  'migrate',
  'rollback',
  'snapshot',
  'snapshot-delete',
  'suspending',
]);

/**
 * What makes the DELETE of a VM fail whenever it is sent, seen before anything of the VM is removed. Proxmox itself would
 * delete a template that has no linked clones; vmctl never does.
 */
export function wouldRefuse(config: VmConfig): Refusal | undefined {
  const { lock, protection, template } = config;
  if (template === '1') {
    return {
      reason: 'the VM is a template',
      cure: 'Templates are never destroyed by vmctl; check the VMID of the row.',
    };
  }
  if (protection === '1') {
    return { reason: 'the VM cannot be removed - protection mode enabled', cure: cureFor('protected') };
  }
  // A VM suspended to disk is deleted like any other (PVE::QemuServer::destroy_vm).
  if (lock === undefined || lock === 'suspended' || passingLocks.has(lock)) return undefined;
  return { reason: `VM is locked (${lock})`, cure: cureFor('locked', lock) };
}

/** The lock of an operation that is going on and can be waited for. */
export function waitsForLock({ lock }: VmConfig): string | undefined {
  return lock !== undefined && passingLocks.has(lock) ? lock : undefined;
}
