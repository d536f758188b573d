import { exitCodes, UsageError } from '../../base/errors.ts';
import type { TickResult } from '../../engine/tick.ts';
import { dueStates } from '../../lifecycle/pipelines.ts';
import { createTickReport } from '../../report/tick-report.ts';
import type { CommandSpec, Typed } from '../command.ts';
import { wholeNumber } from '../numbers.ts';
import { type Session, withInstallation } from '../session.ts';
import { consoleSink } from '../tick-sink.ts';

export const cron: CommandSpec = {
  usage: 'cron',
  description: 'One tick: takes every row from where it stands to where it should be. For the crontab, every minute.',
  examples: [
    'vmctl cron                 # by the crontab, every minute',
    'vmctl cron --verbose       # by hand, line by line',
    'vmctl cron --only 42       # this row now',
    'vmctl cron --dry-run       # what it would do',
  ],
  details: [
    'Without --verbose it prints nothing, but for a line on stderr for each row that has entered an error state, once.',
    'Ticks may overlap, also on several hosts: each row is worked on by one of them.',
    'SIGTERM and SIGINT let the running steps reach their next checkpoint and give the rows back; a second one drops them.',
    '',
    'Exit codes: 0 done, also nothing to do; 3 a row entered an error state; 5 the database, or every cluster, is not',
    'reachable; 2 configuration, credentials, certificate or a missing right; 12 refused; 1 internal error; 143, 130 signalled.',
  ],
  options: [
    ['--verbose', 'print every step as it happens'],
    ['--only <id>', 'only this row, whatever it waits for; no duties'],
    ['--dry-run', 'say what would be done with each due row, and change nothing'],
    ['--concurrency <rows>', 'rows in work at once (default: 50)', wholeNumber(1)],
    ['--max-runtime <seconds>', 'after that nothing new is begun (default: 600)', wholeNumber(1)],
  ],
  run: (typed) =>
    typed.options.dryRun === true
      ? withInstallation(typed, (session) => plan(session, typed), { readOnly: true })
      : withInstallation(typed, (session) => tick(session, typed)),
};

async function tick(session: Session, { options }: Typed): Promise<number> {
  const { db, settings, clock } = session;
  const only = typeof options.only === 'string' ? await resolveOnly(session, options.only) : undefined;
  const sink = consoleSink(options.verbose === true);
  const report = createTickReport(sink, clock, settings.timeZone);
  const { listenForSignals } = await import('../../engine/drain.ts');
  const { runTick } = await import('../../engine/tick.ts');
  const drain = listenForSignals(clock, sink.notice);
  const begun = clock.monotonic();
  report.start();
  try {
    const result = await runTick(
      { db, settings, clock, report, drain },
      { concurrency: Number(options.concurrency ?? 50), maxRuntimeSeconds: Number(options.maxRuntime ?? 600), only },
    );
    report.end((clock.monotonic() - begun) / 1000);
    const code = drain.exitCode ?? codeOf(result);
    if (code !== exitCodes.done) for (const [why, news] of report.outages) sink.outage(why, news);
    return code;
  } finally {
    drain.end();
    sink.end();
  }
}

async function plan(session: Session, { options }: Typed): Promise<number> {
  const { settings, clock } = session;
  const only = typeof options.only === 'string' ? await resolveOnly(session, options.only) : undefined;
  const report = createTickReport(consoleSink(true), clock, settings.timeZone);
  const { planTick } = await import('../../engine/plan.ts');
  const begun = clock.monotonic();
  report.note('vmctl cron start (dry run: nothing is changed)');
  await planTick({ ...session, report, signal: new AbortController().signal }, only);
  report.end((clock.monotonic() - begun) / 1000);
  return exitCodes.done;
}

async function resolveOnly(session: Session, id: string): Promise<number> {
  const { resolveRow } = await import('../resolve-row.ts');
  const row = await resolveRow(session.db, id);
  if (!dueStates.includes(row.vm_status))
    throw new UsageError(`row ${row.id} is in ${row.vm_status}: cron has nothing to do there`, {
      cure: `cron acts on ${dueStates.join(', ')}; to queue it: vmctl reset ${row.id} <status>`,
    });
  return row.id;
}

/** The first that applies, in the order of the contract. */
function codeOf({ codes, ends }: TickResult): number {
  const order = [exitCodes.internal, exitCodes.usage, exitCodes.unreachable, exitCodes.refused, exitCodes.rowFailed];
  const rows = Object.values(ends).reduce((sum, count) => sum + count, 0);
  const unreachable = ends.outage > 0 && ends.outage === rows;
  return order.find((code) => codes.has(code) || (code === exitCodes.unreachable && unreachable)) ?? exitCodes.done;
}
