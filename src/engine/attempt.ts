import type { StepContext } from '../lifecycle/context.ts';
import { type Pipeline, positionOf, type Step } from '../lifecycle/pipeline.ts';
import { newRunId } from '../records/vm-log.ts';
import { progressOf, type VmRow } from '../records/vm-row.ts';
import { createAttemptWriter } from './attempt-writer.ts';
import { judge, type Verdict } from './judge.ts';
import type { RowTools } from './row-tools.ts';
import { type Attempt, type AttemptEnd, settle } from './settle.ts';
import { createVoice } from './voice.ts';

type Lent = Pick<StepContext, 'vm' | 'takeSlot'>;

/** Carries a row through a pipeline, from where it stands, step after step. `stepEnded` runs after each step but a wait. */
export async function runAttempt(
  tools: RowTools,
  row: VmRow,
  pipeline: Pipeline,
  lent: Lent,
  stepEnded: () => Promise<void>,
): Promise<AttemptEnd> {
  const attempt = begin(tools, row, pipeline);
  const { writer, voice } = attempt;
  let resumed = progressOf(row).run !== undefined;
  tools.report.starting(row, pipeline.action);
  for (;;) {
    const step = nextStep(pipeline, row, positionOf(row, writer.progress));
    voice.begin(step.does);
    const context = { ...tools, ...lent, ...voice, row, progress: writer.progress, resumed };
    const verdict = await runStep(step, context);
    const end = await settle(attempt, step, verdict);
    if (end !== undefined) return end;
    if (verdict.kind === 'wait') continue;
    resumed = false;
    await stepEnded();
  }
}

async function runStep(step: Step, context: StepContext): Promise<Verdict> {
  try {
    context.signal.throwIfAborted();
    return await step.run(context);
  } catch (error) {
    return judge(error, context.signal);
  }
}

/** Goes on with the attempt that an earlier tick has left, or begins a new one. */
function begin(tools: RowTools, row: VmRow, pipeline: Pipeline): Attempt {
  const known = progressOf(row);
  const begun = {
    ...known,
    run: known.run ?? newRunId(),
    startedAt: known.startedAt ?? new Date(tools.dbNow()).toISOString(),
  };
  return {
    tools,
    row,
    pipeline,
    writer: createAttemptWriter(tools.db, tools.token, row, pipeline, begun),
    voice: createVoice(tools, row, pipeline.action),
    startedAt: tools.clock.monotonic(),
  };
}

/** A phase that this version does not know is begun anew with its state: every step looks before it acts. */
function nextStep({ action, steps }: Pipeline, row: VmRow, position: string): Step {
  const step = steps.find(({ from }) => from === position) ?? steps.find(({ from }) => from === row.vm_status);
  if (!step) throw new Error(`the pipeline ${action} has no step from ${row.vm_status}`);
  return step;
}
