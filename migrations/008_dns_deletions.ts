import { createTable, time } from './table.ts';

/** Records that outlived their VM because their provider did not answer: tried again until they are gone. */
export default createTable('008_dns_deletions', 'mod_vmctl_dns_deletions', (t) => {
  t.bigIncrements('id');
  t.bigInteger('row_id').notNullable();
  t.integer('service_id');
  t.string('provider', 20).notNullable();
  t.string('zone', 255).notNullable();
  t.string('name', 255).notNullable();
  t.string('type', 10).notNullable();
  // Of a PTR: while a living row has the address again, its record is that row's.
  t.string('address', 45);
  // JSON array of record contents: only these are deleted, and only while they are still there.
  t.text('content').notNullable();
  t.integer('attempts').notNullable().defaultTo(0);
  time(t, 'next_attempt_at').notNullable();
  t.text('last_error');
  time(t, 'created_at').notNullable();
  t.index(['next_attempt_at'], 'vmctl_deletion_due');
  t.index(['row_id'], 'vmctl_deletion_row');
});
