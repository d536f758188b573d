import { createTable, time } from './table.ts';

/** The ledger of VMIDs. */
export default createTable('005_vmid_allocations', 'mod_vmctl_vmid_allocations', (t) => {
  t.string('cluster', 64).notNullable();
  t.integer('vmid').notNullable();
  t.bigInteger('row_id');
  t.string('state', 12).notNullable();
  time(t, 'allocated_at');
  time(t, 'released_at');
  t.string('vm_uuid', 36);
  t.primary(['cluster', 'vmid']);
  t.index(['row_id'], 'vmctl_vmid_row');
  t.index(['cluster', 'state', 'released_at', 'vmid'], 'vmctl_vmid_state');
});
