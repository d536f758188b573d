import { createTable, time } from './table.ts';

/** The per-VM log: one row an attempt. An attempt that several ticks carry on keeps its row. */
export default createTable('006_log_runs', 'mod_vmctl_log_runs', (t) => {
  t.specificType('id', 'CHAR(36)').notNullable().primary();
  t.bigInteger('row_id').notNullable();
  t.integer('service_id');
  t.string('action', 40).notNullable();
  t.string('from_status', 40).notNullable();
  t.string('to_status', 40);
  time(t, 'started_at').notNullable();
  time(t, 'finished_at');
  t.string('result', 10);
  t.text('error');
  t.index(['row_id', 'started_at'], 'vmctl_run_row');
});
