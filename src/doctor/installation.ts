import { checkInstallation } from '../records/installation.ts';
import { migrationStatus } from '../records/migrate.ts';
import type { Check } from './context.ts';
import { failure, failureOf, ok } from './finding.ts';
import { whenOpen } from './when-open.ts';

export const installation: Check = {
  name: 'installation',
  looksAt: 'migrations that are pending; whether this is the database that vmctl was set up for, or a copy of it',
  run: (context) =>
    whenOpen(context, async (db) => {
      const { pending } = await migrationStatus(db);
      if (pending.length > 0) {
        const cure = 'run: vmctl db migrate (by a user that may make tables)';
        return [failure('migrations', `pending: ${pending.join(', ')}`, cure)];
      }
      try {
        const id = await checkInstallation(db);
        return [ok('migrations', 'none is pending'), ok('database', `that of the installation ${id}`)];
      } catch (error) {
        return [ok('migrations', 'none is pending'), failureOf('database', error)];
      }
    }),
};
