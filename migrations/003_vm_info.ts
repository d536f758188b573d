import type { Knex } from 'knex';
import { UsageError } from '../src/base/errors.ts';
import { createTable, type Migration, time } from './table.ts';

/** Whether a table of that name is there that vmctl did not make: a panel's own, for instance. */
export async function isForeign(knex: Knex, table: string): Promise<boolean> {
  return (await knex.schema.hasTable(table)) && !(await knex.schema.hasColumn(table, 'progress_for'));
}

/** The VM table. Only `vm_status` is required of whoever inserts a row, also under strict mode. */
export function vmInfo(table: string): Migration {
  const create = createTable('003_vm_info', table, (t) => {
    t.bigIncrements('id');
    t.integer('service_id');
    t.integer('client_id');
    t.string('vm_status', 40).notNullable();
    t.text('status_message');
    time(t, 'status_changed_at');
    t.string('cluster', 64);
    t.string('node', 64);
    t.integer('vm_id');
    t.string('vm_name', 255);
    t.string('vm_uuid', 36);
    t.string('vm_net0_mac', 17);
    t.text('vm_rev_dns');
    t.string('domain', 255);
    t.string('package', 255);
    t.string('template', 255);
    time(t, 'first_ready_at');
    time(t, 'expires_at');
    time(t, 'created_at');
    time(t, 'updated_at');
    t.specificType('claim_token', 'CHAR(36)');
    // Counts the writes of vmctl: a transaction that is run again sees from it whether the first run had worked.
    t.integer('revision').notNullable().defaultTo(0);
    time(t, 'next_attempt_at');
    t.integer('attempts').notNullable().defaultTo(0);
    // What a pipeline remembers between ticks, and the vm_status it belongs to: the panel changes only vm_status.
    t.text('progress');
    t.string('progress_for', 40);
    // Named after the table: SQLite's index names are the database's, not the table's.
    t.index(['vm_status', 'claim_token', 'next_attempt_at', 'progress_for'], `${table}_due`);
    t.index(['claim_token'], `${table}_claim`);
    t.index(['service_id'], `${table}_service`);
    t.index(['vm_id'], `${table}_vmid`);
    t.index(['domain'], `${table}_domain`);
  });
  return {
    ...create,
    async up(knex) {
      if (await isForeign(knex, table)) {
        throw new UsageError(`the table ${table} exists in this database, but vmctl did not make it`, {
          cure: 'give vmctl another name for its VM table with VM_TABLE, or move that table away',
        });
      }
      await create.up(knex);
    },
  };
}
