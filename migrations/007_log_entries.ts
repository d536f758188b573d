import { createTable, time } from './table.ts';

/** The per-VM log: what a run did, one row a phase or step, with its lines. */
export default createTable('007_log_entries', 'mod_vmctl_log_entries', (t) => {
  t.bigIncrements('id');
  t.specificType('run_id', 'CHAR(36)').notNullable();
  time(t, 'at').notNullable();
  t.string('phase', 60).notNullable();
  t.string('result', 10).notNullable();
  t.integer('duration_ms').notNullable();
  t.specificType('detail', 'MEDIUMTEXT');
  t.index(['run_id', 'id'], 'vmctl_entry_run');
});
