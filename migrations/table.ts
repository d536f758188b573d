import type { Knex } from 'knex';

/** One step of the schema. `up` may be run again after a kill at any point: it makes only what is not there. */
export interface Migration {
  readonly name: string;
  /** Every table that it makes; rolling back drops them. */
  readonly tables: readonly string[];
  up(knex: Knex): Promise<void>;
}

/** A migration that makes one table, with engine and charset explicit: a server's defaults may be MyISAM and latin1. */
export function createTable(name: string, table: string, columns: (t: Knex.CreateTableBuilder) => void): Migration {
  return {
    name,
    tables: [table],
    async up(knex) {
      if (await knex.schema.hasTable(table)) return;
      await knex.schema.createTable(table, (t) => {
        if (knex.client.config.client === 'mysql2') {
          t.engine('InnoDB');
          t.charset('utf8mb4');
          t.collate('utf8mb4_unicode_ci');
        }
        columns(t);
      });
    },
  };
}

/** An own point in time: UTC, milliseconds, as text of one form in both databases. */
export function time(t: Knex.CreateTableBuilder, column: string): Knex.ColumnBuilder {
  return t.specificType(column, 'DATETIME(3)');
}
