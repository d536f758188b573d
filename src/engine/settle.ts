import type { Pipeline, Step } from '../lifecycle/pipeline.ts';
import type { CheckpointResult } from '../records/checkpoint.ts';
import type { VmRow } from '../records/vm-row.ts';
import type { AttemptWriter } from './attempt-writer.ts';
import type { Verdict } from './judge.ts';
import type { RowTools } from './row-tools.ts';
import type { Voice } from './voice.ts';

/**
 * How a row's attempt ended in this tick. `moved`: the panel wants something else. `lost`: the row is another tick's.
 * `waiting` and `outage`: given back, to be tried again.
 */
export type AttemptEnd = 'done' | 'failed' | 'crashed' | 'waiting' | 'outage' | 'moved' | 'lost';

/** An attempt that is going on. */
export interface Attempt {
  readonly tools: RowTools;
  readonly row: VmRow;
  readonly pipeline: Pipeline;
  readonly writer: AttemptWriter;
  readonly voice: Voice;
  /** On the monotonic clock. */
  readonly startedAt: number;
}

type Of<Kind extends Verdict['kind']> = Extract<Verdict, { kind: Kind }>;

/** Waits up to here are slept through in the tick; longer ones give the row back. */
const longestSleepMs = 15_000;
const outageRetryMs = 30_000;

/** Writes down what a step came to, and says it. Undefined: the attempt goes on. */
export async function settle(attempt: Attempt, step: Step, verdict: Verdict): Promise<AttemptEnd | undefined> {
  switch (verdict.kind) {
    case 'done':
    case 'skipped':
      return advance(attempt, step, verdict);
    case 'wait':
      return wait(attempt, step, verdict);
    case 'later':
      return later(attempt, verdict, 'waiting');
    case 'outage':
      return outage(attempt, verdict);
    case 'failed':
      return fail(attempt, verdict);
    case 'lost':
      return elsewhere(attempt, 'lost');
  }
}

function secondsOf({ tools, startedAt }: Attempt): number {
  return (tools.clock.monotonic() - startedAt) / 1000;
}

function givenBack(attempt: Attempt, why: string): void {
  attempt.tools.report.waiting(attempt.row, attempt.pipeline.action, secondsOf(attempt), why);
}

function elsewhere(attempt: Attempt, written: Exclude<CheckpointResult, 'done'>): AttemptEnd {
  const { signal } = attempt.tools;
  const lost = signal.reason instanceof Error ? signal.reason.message : 'another tick has taken over';
  givenBack(attempt, written === 'moved' ? `its state is ${attempt.row.vm_status} now` : lost);
  return written;
}

async function advance(attempt: Attempt, step: Step, verdict: Of<'done' | 'skipped'>): Promise<AttemptEnd | undefined> {
  const { tools, row, pipeline, writer, voice } = attempt;
  const draining = tools.draining.aborted;
  const entry = voice.entry(verdict.kind === 'done' ? 'success' : 'skipped', verdict.why);
  const written = await writer.advance(step, verdict, entry, draining);
  if (written !== 'done') return elsewhere(attempt, written);
  if (pipeline.steps.some(({ from }) => from === step.to)) {
    if (!draining) return undefined;
    givenBack(attempt, 'this tick is ending, another one goes on');
    return 'waiting';
  }
  tools.report.done(row, pipeline.action, secondsOf(attempt), 'success');
  return 'done';
}

async function wait(attempt: Attempt, step: Step, verdict: Of<'wait'>): Promise<AttemptEnd | undefined> {
  const { tools, writer, voice } = attempt;
  const dropped = tools.signal.aborted;
  const stay = verdict.pollMs <= longestSleepMs && !tools.draining.aborted && !dropped;
  // What was dropped may still be on its way to Proxmox: that is written down, and the claim runs out.
  const written = await writer.wait(verdict, voice.waiting(), !stay && !dropped);
  if (written !== 'done') return elsewhere(attempt, written);
  if (!stay) {
    givenBack(attempt, `${step.does} (${verdict.wait.for})`);
    return 'waiting';
  }
  await tools.clock.sleep(verdict.pollMs, AbortSignal.any([tools.draining, tools.signal])).catch(() => {});
  if (!tools.draining.aborted || tools.signal.aborted) return undefined;
  // Told to stop while it slept: the row is given back as it stands, and what was said is written already.
  voice.begin(step.does);
  return wait(attempt, step, verdict);
}

async function later(attempt: Attempt, verdict: Of<'later'>, end: 'waiting' | 'outage'): Promise<AttemptEnd> {
  const { writer, voice } = attempt;
  voice.say(verdict.why);
  const written = await writer.later(verdict, voice.waiting());
  if (written !== 'done') return elsewhere(attempt, written);
  givenBack(attempt, verdict.why);
  return end;
}

function outage(attempt: Attempt, { why, code }: Of<'outage'>): Promise<AttemptEnd> {
  const { tools, row } = attempt;
  tools.report.outage(why, row.status_message !== why);
  if (code !== undefined) tools.codes.add(code);
  return later(attempt, { kind: 'later', why, inMs: outageRetryMs }, 'outage');
}

async function fail(attempt: Attempt, { reason, cure, code, crash }: Of<'failed'>): Promise<AttemptEnd> {
  const { tools, row, pipeline, writer, voice } = attempt;
  if (cure !== undefined) voice.say(cure);
  const written = await writer.fail(reason, cure, voice.entry('error', reason));
  if (written !== 'done') return elsewhere(attempt, written);
  tools.report.done(row, pipeline.action, secondsOf(attempt), `error: ${reason}`);
  tools.report.entered(row, pipeline.errorState, reason, cure);
  tools.codes.add(code);
  if (crash === undefined) return 'failed';
  tools.report.crash(crash);
  return 'crashed';
}
