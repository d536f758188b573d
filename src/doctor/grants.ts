import { missingGrants } from '../records/inspect/grants.ts';
import type { Check } from './context.ts';
import { failure, ok, warning } from './finding.ts';
import { whenOpen } from './when-open.ts';

/** Without these something is left undone, and no termination fails. */
const onlyTidies = new Set(['DELETE tblmodulelog']);

export const grants: Check = {
  name: 'grants',
  looksAt: 'the user of the database may do what vmctl does; each missing right with its GRANT statement',
  run: (context) =>
    whenOpen(context, async (db) => {
      const missing = await missingGrants(db);
      if (missing.length === 0) return [ok('rights', 'all that are needed')];
      return missing.map(({ table, right, grant }) =>
        onlyTidies.has(`${right} ${table}`)
          ? warning(table, `${right} is missing: old entries stay`, grant)
          : failure(table, `${right} is missing`, grant),
      );
    }),
};
