import type { Pipeline } from '../pipeline.ts';
import { cleanRecords } from './clean-records.ts';
import { deleteDns } from './delete-dns.ts';
import { deleteVm } from './delete-vm.ts';
import { planBackups, planClean, planDelete, planDns, planPreflight, planStop } from './plans.ts';
import { preflight } from './preflight.ts';
import { removeBackups } from './remove-backups.ts';
import { stopVm } from './stop-vm.ts';

/**
 * The terminate pipeline of the seed, phase by phase. Only DELETE VM decides; backups and DNS are best effort; the records
 * are cleaned when the VM is proven gone.
 */
export const terminate: Pipeline = {
  action: 'terminate',
  errorState: 'error_terminate',
  steps: [
    { from: 'terminate', does: 'Preflight', run: preflight, plan: planPreflight, to: 'terminate:checked' },
    { from: 'terminate:checked', does: 'Stop VM', run: stopVm, plan: planStop, to: 'terminate:stopped' },
    {
      from: 'terminate:stopped',
      does: 'Remove backups',
      run: removeBackups,
      plan: planBackups,
      to: 'terminate:backups',
    },
    { from: 'terminate:backups', does: 'Delete DNS', run: deleteDns, plan: planDns, to: 'terminate:dns' },
    { from: 'terminate:dns', does: 'DELETE VM', run: deleteVm, plan: planDelete, to: 'terminate:deleted' },
    { from: 'terminate:deleted', does: 'Clean DB', run: cleanRecords, plan: planClean, to: 'remove' },
  ],
  activity: {
    success: 'Service terminated successfully',
    failure: (reason) => `Service termination FAILED — admin attention required. Error: ${reason}`,
  },
};
