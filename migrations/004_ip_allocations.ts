import { createTable, time } from './table.ts';

/** The ledger of addresses. `vm_cluster`, `vm_id`, `vm_uuid` say whose death must be proven before a quarantined one is free. */
export default createTable('004_ip_allocations', 'mod_vmctl_ip_allocations', (t) => {
  t.string('address', 45).notNullable().primary();
  t.string('pool', 64);
  t.bigInteger('row_id');
  t.string('state', 12).notNullable();
  time(t, 'allocated_at');
  time(t, 'released_at');
  t.string('vm_cluster', 64);
  t.integer('vm_id');
  t.string('vm_uuid', 36);
  t.index(['row_id'], 'vmctl_ip_row');
  t.index(['state', 'released_at'], 'vmctl_ip_state');
});
