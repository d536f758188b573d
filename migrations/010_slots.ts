import { createTable } from './table.ts';

/** Places for what must be limited across ticks and hosts; a place taken by a tick that died is free. */
export default createTable('010_slots', 'mod_vmctl_slots', (t) => {
  t.string('name', 190).notNullable();
  t.integer('place').notNullable();
  t.specificType('claim_token', 'CHAR(36)');
  t.bigInteger('row_id');
  t.primary(['name', 'place']);
});
