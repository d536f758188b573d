import type { TickTools } from '../lifecycle/context.ts';
import { createVmFinder } from '../lifecycle/find-vm.ts';
import type { Pipeline } from '../lifecycle/pipeline.ts';
import { pipelineOf } from '../lifecycle/pipelines.ts';
import { release } from '../records/claims.ts';
import { freeSlots, takeSlot } from '../records/slots.ts';
import type { VmRow } from '../records/vm-row.ts';
import type { TickReport } from '../report/tick-report.ts';
import { type AttemptEnd, runAttempt } from './attempt.ts';
import { openClusterOf } from './cluster-of.ts';

/** What the engine lends a row beyond what its steps get. */
export interface RowTools extends TickTools {
  readonly report: TickReport;
  /** Exit codes that what happened asks for. */
  readonly codes: Set<number>;
  /** Aborted when the tick drains: nothing new is begun, a row that only waits is given back at once. */
  readonly draining: AbortSignal;
}

/** Carries a claimed row as far as it can go, pipeline after pipeline: the panel may ask for something else meanwhile. */
export async function runRow(tools: RowTools, row: VmRow): Promise<Exclude<AttemptEnd, 'moved'>> {
  for (;;) {
    const pipeline = pipelineOf(row.vm_status);
    if (!pipeline) {
      await release(tools.db, tools.token, row.id);
      return 'done';
    }
    const end = await runPipeline(tools, row, pipeline);
    if (end !== 'moved') return end;
  }
}

async function runPipeline(tools: RowTools, row: VmRow, pipeline: Pipeline): Promise<AttemptEnd> {
  const vm = createVmFinder(row, () => openClusterOf(tools, row), tools.clock);
  let taken = false;
  const takeOne = (name: string, places: number) => {
    taken = true;
    return takeSlot(tools.db, name, places, tools.token, row.id);
  };
  const freeTaken = async () => {
    if (taken && !tools.signal.aborted) await freeSlots(tools.db, tools.token, row.id);
    taken = false;
  };
  try {
    return await runAttempt(tools, row, pipeline, { vm, takeSlot: takeOne }, freeTaken);
  } finally {
    await freeTaken();
  }
}
