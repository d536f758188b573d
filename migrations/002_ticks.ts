import { createTable, time } from './table.ts';

/** Ticks that are alive; a row in work names one of them in `claim_token`. */
export default createTable('002_ticks', 'mod_vmctl_ticks', (t) => {
  t.specificType('id', 'CHAR(36)').notNullable().primary();
  t.string('host', 255).notNullable();
  t.integer('pid').notNullable();
  time(t, 'started_at').notNullable();
  time(t, 'alive_until').notNullable();
});
