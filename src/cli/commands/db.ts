import { exitCodes, UsageError } from '../../base/errors.ts';
import { confirm } from '../ask.ts';
import type { CommandSpec, Typed } from '../command.ts';
import { printJson, printLine } from '../print.ts';
import { type Session, withDatabase } from '../session.ts';

const actions: Readonly<Record<string, (session: Session, typed: Typed) => Promise<number>>> = {
  migrate,
  status,
  rollback,
  adopt,
};

export const db: CommandSpec = {
  usage: 'db <action>',
  choices: [Object.keys(actions)],
  description: "Makes, updates and looks after vmctl's own tables.",
  details: [
    'Actions:',
    '  migrate   make or update them; safe to repeat, and from several hosts at once',
    '  status    what has been done and what has not',
    '  rollback  undo the last migrate by dropping its tables',
    '  adopt     work on this database although it is not where it was: it has moved, or (--copy) it is a copy',
  ],
  examples: ['vmctl db migrate', 'vmctl db adopt --copy     # a staging copy: it gets an id of its own'],
  options: [
    ['--json', 'status as one JSON document'],
    ['--yes', 'rollback, adopt: do not ask'],
    ['--force', 'rollback: also where tables hold rows'],
    ['--copy', 'adopt: this is a copy, the original lives on'],
  ],
  run: (typed) => {
    const [name = ''] = typed.words;
    const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
    if (!action)
      throw new UsageError(`unknown action ${JSON.stringify(name)}`, {
        cure: `expected one of ${Object.keys(actions).join(', ')}`,
      });
    return withDatabase(typed, (session) => action(session, typed));
  },
};

async function migrate(session: Session): Promise<number> {
  const records = await import('../../records/migrate.ts');
  const names = await records.migrate(session.db);
  // Due at the first tick, also where no VM ever gives it anything else to do.
  const { duties } = await import('../../duties/registry.ts');
  const { enterDuties } = await import('../../records/duties.ts');
  await enterDuties(
    session.db,
    duties.map(({ name }) => name),
  );
  printLine(names.length === 0 ? 'nothing to migrate' : `migrated: ${names.join(', ')}`);
  return exitCodes.done;
}

async function status(session: Session, { options }: Typed): Promise<number> {
  const { migrationStatus } = await import('../../records/migrate.ts');
  const { done, pending } = await migrationStatus(session.db);
  if (options.json === true) printJson({ done, pending });
  else for (const name of [...done, ...pending]) printLine(`${done.includes(name) ? 'done   ' : 'pending'} ${name}`);
  return exitCodes.done;
}

async function rollback(session: Session, { options }: Typed): Promise<number> {
  await confirm('Undo the last migration by dropping its tables?', options.yes === true);
  const records = await import('../../records/migrate.ts');
  const names = await records.rollback(session.db, options.force === true);
  printLine(names.length === 0 ? 'nothing to undo' : `undone: ${names.join(', ')}`);
  return exitCodes.done;
}

async function adopt(session: Session, { options }: Typed): Promise<number> {
  const copy = options.copy === true;
  const what = copy ? 'a copy, with an installation id of its own' : 'the original, which has moved';
  await confirm(`Work on this database as ${what}?`, options.yes === true);
  const { adoptInstallation } = await import('../../records/installation.ts');
  const id = await adoptInstallation(session.db, copy ? 'copy' : 'moved');
  printLine(`adopted; installation id ${id}`);
  return exitCodes.done;
}
