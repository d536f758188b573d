import type { Clock } from '../base/clock.ts';
import type { PlanContext } from '../lifecycle/context.ts';
import { createVmFinder } from '../lifecycle/find-vm.ts';
import { type Pipeline, positionOf } from '../lifecycle/pipeline.ts';
import { dueStates, pipelineOf } from '../lifecycle/pipelines.ts';
import { findDueRows } from '../records/claims.ts';
import type { Database } from '../records/database.ts';
import { findRow, progressOf, type VmRow } from '../records/vm-row.ts';
import type { TickReport } from '../report/tick-report.ts';
import type { Settings } from '../settings/types.ts';
import { openClusterOf } from './cluster-of.ts';
import { type Clusters, createClusters } from './clusters.ts';
import { judge } from './judge.ts';

export interface PlanPorts {
  /** Opened read-only: the server refuses what a mistake here would write. */
  readonly db: Database;
  readonly settings: Settings;
  readonly clock: Clock;
  readonly report: TickReport;
  readonly signal: AbortSignal;
}

/** Rows that are looked at at once. */
const atOnce = 50;
/** Rows read at once from the database. */
const page = 500;

/** Says what a tick would do with every due row, from the plans of its steps. Nothing is claimed and nothing is changed. */
export async function planTick(ports: PlanPorts, only: number | undefined): Promise<void> {
  const { db, settings, clock, signal } = ports;
  const clusters = createClusters(settings, clock, 'read-only', signal);
  for await (const rows of pages(db, only)) {
    for (let from = 0; from < rows.length; from += atOnce) {
      await Promise.all(rows.slice(from, from + atOnce).map((row) => planRow(ports, clusters, row)));
    }
  }
}

async function* pages(db: Database, only: number | undefined): AsyncGenerator<VmRow[]> {
  if (only !== undefined) {
    const row = await findRow(db, only);
    if (row) yield [row];
    return;
  }
  let rows: VmRow[];
  let after = 0;
  do {
    rows = await findDueRows(db, dueStates, page, after);
    after = rows.at(-1)?.id ?? after;
    yield rows;
  } while (rows.length === page);
}

async function planRow(
  { db, settings, clock, report, signal }: PlanPorts,
  clusters: Clusters,
  row: VmRow,
): Promise<void> {
  const pipeline = await pipelineOf(row.vm_status);
  if (!pipeline) return;
  const open = () => openClusterOf({ db, settings, cluster: clusters.open }, row);
  const vm = createVmFinder(row, open, clock);
  const context = { row, progress: progressOf(row), db, settings, dbNow: clock.now, signal, vm };
  report.planned(row, pipeline.action, await linesOf(pipeline, context));
}

async function linesOf(pipeline: Pipeline, context: PlanContext): Promise<string[]> {
  const { row, progress, signal } = context;
  const lines: string[] = [];
  let position = positionOf(row, progress);
  for (;;) {
    const step = pipeline.steps.find(({ from }) => from === position);
    if (!step) return [...lines, `${row.vm_status} → ${position}`];
    try {
      const { changes, ends } = await step.plan(context);
      lines.push(...changes.map((change) => `${step.does}: ${change}`));
      if (ends !== undefined) return [...lines, `${step.does}: ${ends}`];
    } catch (error) {
      const verdict = judge(error, signal);
      if (verdict.kind === 'failed') return [...lines, `${step.does}: ${pipeline.errorState}: ${verdict.reason}`];
      return [...lines, `${step.does}: it waits: ${verdict.kind === 'outage' ? verdict.why : 'interrupted'}`];
    }
    position = step.to;
  }
}
