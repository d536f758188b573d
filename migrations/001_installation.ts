import { createTable, time } from './table.ts';

/** Which database this is: a staging copy that carries the production `.env` must not steer production. */
export default createTable('001_installation', 'mod_vmctl_installation', (t) => {
  t.integer('fixed').notNullable().primary();
  t.specificType('id', 'CHAR(36)').notNullable();
  t.string('host', 255).notNullable();
  t.integer('port').notNullable();
  t.string('schema_name', 255).notNullable();
  t.string('wsrep', 64);
  time(t, 'created_at').notNullable();
});
