import { createTable, time } from './table.ts';

/** What runs by interval: when it last ran, when it is due, and which tick runs it now. */
export default createTable('009_duties', 'mod_vmctl_duties', (t) => {
  t.string('name', 40).notNullable().primary();
  time(t, 'last_run_at');
  time(t, 'next_run_at').notNullable();
  t.specificType('claim_token', 'CHAR(36)');
  t.text('last_result');
});
