import { access } from 'node:fs/promises';
import type { Clock } from '../base/clock.ts';
import { exitCodes, UnreachableError, UsageError } from '../base/errors.ts';
import { createDnsPorts } from '../dns/ports.ts';
import { type Database, openDatabase } from '../records/database.ts';
import { explain } from '../records/transaction.ts';
import type { Settings } from '../settings/types.ts';
import { answers, probeCluster } from './clusters.ts';
import type { Check, DoctorContext } from './context.ts';
import { type Finding, failure, failureOf } from './finding.ts';
import { checks as allChecks } from './registry.ts';

export interface DoctorPorts {
  readonly settings: Settings;
  readonly clock: Clock;
  /** Numbers in [0, 1). */
  readonly random: () => number;
  readonly env: DoctorContext['env'];
  readonly cwd: string;
  readonly compileCache: string | undefined;
}

export interface Diagnosis {
  readonly findings: readonly Finding[];
  /** 0 unless something failed; then 5 where the database or every cluster is out of reach, else 2. */
  readonly exitCode: number;
}

/** No check waits longer, milliseconds: whatever hangs is itself the finding. */
const patienceMs = 30_000;

/** Looks at everything at once and changes nothing. One check that breaks or hangs does not stop the others. */
export async function runDoctor(ports: DoctorPorts, checks: readonly Check[] = allChecks): Promise<Diagnosis> {
  const { settings, clock } = ports;
  const over = new AbortController();
  let opened: Promise<Database> | undefined;
  const context: DoctorContext = {
    ...ports,
    database() {
      opened ??= openForReading(settings, clock);
      return opened;
    },
    clusters: settings.clusters.map((cluster) => probeCluster(cluster, { ...ports, signal: over.signal })),
    dns: createDnsPorts({ clock }),
    signal: over.signal,
  };
  try {
    const findings = (await Promise.all(checks.map((check) => runCheck(check, context)))).flat();
    const failed = findings.some(({ state }) => state === 'failure');
    if (!failed) return { findings, exitCode: exitCodes.done };
    return { findings, exitCode: (await isOutOfReach(context)) ? exitCodes.unreachable : exitCodes.usage };
  } finally {
    over.abort(new Error('the examination is over'));
    await opened?.then(
      (db) => db.close(),
      () => {},
    );
  }
}

async function runCheck(check: Check, context: DoctorContext): Promise<Finding[]> {
  const done = new AbortController();
  const late = context.clock
    .sleep(patienceMs, done.signal)
    .then(() => [
      failure('the check itself', `no result within ${patienceMs / 1000} s`, 'see whether what it asks hangs'),
    ]);
  // Aborted as soon as the check has its result.
  late.catch(() => {});
  const result = check.run(context).catch((error) => [failureOf('the check itself', explain(error))]);
  const observations = await Promise.race([result, late]);
  done.abort();
  return observations.map((observation) => ({ check: check.name, ...observation }));
}

/** Nothing is made that is not there: opening a SQLite file would make it. */
async function openForReading(settings: Settings, clock: Clock): Promise<Database> {
  const { databaseUrl: url, vmTable, timeZone } = settings;
  const file = /^sqlite:(.*)$/s.exec(url)?.[1];
  if (file !== undefined) {
    await access(file).catch((cause) => {
      throw new UsageError(`there is no database ${file} yet`, { cause, cure: 'run: vmctl db migrate' });
    });
  }
  const db = await openDatabase({ url, vmTable, timeZone, readOnly: true, clock: settings.clock && clock });
  try {
    await db.knex.raw('SELECT 1');
    return db;
  } catch (error) {
    await db.close();
    throw explain(error);
  }
}

async function isOutOfReach({ database, clusters }: DoctorContext): Promise<boolean> {
  const unreachable = await database().then(
    () => false,
    (error) => error instanceof UnreachableError,
  );
  const open = await Promise.all(clusters.map((cluster) => isUp(cluster)));
  return unreachable || (clusters.length > 0 && !open.includes(true));
}

async function isUp({ entries }: DoctorContext['clusters'][number]): Promise<boolean> {
  const probes = await Promise.all(entries.map((entry) => entry.probe()));
  return probes.some(answers);
}
