import { inspectTables, type TableFacts } from '../records/inspect/tables.ts';
import type { Check } from './context.ts';
import { failure, type Observation, ok, warning } from './finding.ts';
import { whenOpen } from './when-open.ts';

/** What it means that a table of WHMCS is not InnoDB, for those where it matters. */
const withoutTransactions: Readonly<Record<string, string>> = {
  tblhosting: 'a tick that dies at the wrong moment can leave a service half written',
  tblactivitylog: 'its entry is written beside the transaction, and Galera does not replicate it',
  tblmodulelog: 'Galera does not replicate it',
};

function ownTable({ name, engine, collation }: TableFacts): Observation {
  if (engine !== 'InnoDB') {
    const found = `its engine is ${engine}: without transactions two ticks can work on one row`;
    return failure(name, found, `ALTER TABLE ${name} ENGINE=InnoDB;`);
  }
  if (!collation.startsWith('utf8mb4')) {
    const cure = `ALTER TABLE ${name} CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;`;
    return warning(name, `its text is ${collation}: other characters are lost`, cure);
  }
  return ok(name, `InnoDB, ${collation}`);
}

function whmcsTable({ name, engine, collation }: TableFacts): Observation {
  const meaning = withoutTransactions[name];
  if (engine !== 'InnoDB' && meaning !== undefined) {
    const cure = `after a backup: ALTER TABLE ${name} ENGINE=InnoDB;`;
    return warning(name, `its engine is ${engine}, which has no transactions: ${meaning}`, cure);
  }
  return ok(name, `${engine}, ${collation}`);
}

export const tables: Check = {
  name: 'tables',
  looksAt: "engine and character set of vmctl's own tables and of WHMCS's",
  run: (context) =>
    whenOpen(context, async (db) => {
      const facts = await inspectTables(db);
      const found = facts.map((table) => (table.owner === 'vmctl' ? ownTable(table) : whmcsTable(table)));
      if (facts.some(({ owner }) => owner === 'whmcs')) return found;
      return [...found, ok('WHMCS', 'no table of WHMCS is here: vmctl works alone')];
    }),
};
