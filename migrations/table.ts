import type { Knex } from 'knex';

/** One step of the schema. `up` may be run again after a kill at any point: it makes only what is not there. */
export interface Migration {
  readonly name: string;
  /** Every table that it makes; rolling back drops them. */
  readonly tables: readonly string[];
  up(knex: Knex): Promise<void>;
}

type Columns = (t: Knex.CreateTableBuilder) => void;

/** A migration that makes one table. */
export function createTable(name: string, table: string, columns: Columns): Migration {
  return { name, tables: [table], up: (knex) => makeTable(knex, table, columns) };
}

/**
 * Makes a table where it is missing, with engine and charset explicit: a server's defaults may be MyISAM and latin1. A
 * kill leaves all of it or nothing: SQLite rolls back, MySQL gets one statement.
 */
export async function makeTable(knex: Knex, table: string, columns: Columns): Promise<void> {
  if (await knex.schema.hasTable(table)) return;
  if (knex.client.config.client !== 'mysql2') return knex.schema.createTable(table, columns);
  const statements = knex.schema.createTable(table, (t) => {
    t.engine('InnoDB');
    t.charset('utf8mb4');
    t.collate('utf8mb4_unicode_ci');
    columns(t);
  });
  await knex.raw(inOneStatement(statements.toQuery()));
}

/** Takes knex's `alter table … add index …` into its `create table`. */
function inOneStatement(statements: string): string {
  const [create = '', ...alters] = statements.split(';\n');
  const keys = alters.map((alter) => alter.replace(/^alter table `\w+` add /, ', '));
  return create.replace(') default character set', `${keys.join('')}) default character set`);
}

/** An own point in time: UTC, milliseconds, as text of one form in both databases. */
export function time(t: Knex.CreateTableBuilder, column: string): Knex.ColumnBuilder {
  return t.specificType(column, 'DATETIME(3)');
}
