import { exitCodes, UnreachableError, UsageError } from '../base/errors.ts';
import { createVmFinder } from '../lifecycle/find-vm.ts';
import type { Pipeline } from '../lifecycle/pipeline.ts';
import { pipelineOf } from '../lifecycle/pipelines.ts';
import { release } from '../records/claims.ts';
import { freeSlots, takeSlot } from '../records/slots.ts';
import { isConnectionError } from '../records/transaction.ts';
import type { VmRow } from '../records/vm-row.ts';
import { runAttempt } from './attempt.ts';
import { openClusterOf } from './cluster-of.ts';
import type { RowTools } from './row-tools.ts';
import type { AttemptEnd } from './settle.ts';

/** Carries a claimed row as far as it can go, pipeline after pipeline: the panel may ask for something else meanwhile. */
export async function runRow(tools: RowTools, row: VmRow): Promise<Exclude<AttemptEnd, 'moved'>> {
  for (;;) {
    const pipeline = await pipelineOf(row.vm_status);
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
  } catch (error) {
    return crashed(tools, row, pipeline, error);
  } finally {
    await freeTaken();
  }
}

/**
 * A mistake in vmctl itself that could not even be written down: one row's alone, the others go on. The row stays claimed
 * until the tick ends. What concerns the database as a whole is thrown on.
 */
function crashed({ report, codes }: RowTools, row: VmRow, pipeline: Pipeline, error: unknown): 'crashed' {
  if (error instanceof UnreachableError || error instanceof UsageError || isConnectionError(error)) throw error;
  report.done(row, pipeline.action, 0, `error: internal error: ${error instanceof Error ? error.message : error}`);
  report.crash(error);
  codes.add(exitCodes.internal);
  return 'crashed';
}
