import type { StepContext } from '../lifecycle/context.ts';
import { type Outcome, type Pipeline, positionOf, type Step } from '../lifecycle/pipeline.ts';
import type { CheckpointResult } from '../records/checkpoint.ts';
import { type LogEntry, newRunId } from '../records/vm-log.ts';
import { progressOf, type VmRow } from '../records/vm-row.ts';
import { rowLabel } from '../report/tick-report.ts';
import { createAttemptWriter } from './attempt-writer.ts';
import { judge, type Verdict } from './judge.ts';
import type { RowTools } from './run-row.ts';

/**
 * How a row's attempt ended in this tick. `moved`: the panel wants something else. `lost`: the row is another tick's.
 * `waiting` and `outage`: given back, to be tried again.
 */
export type AttemptEnd = 'done' | 'failed' | 'crashed' | 'waiting' | 'outage' | 'moved' | 'lost';

/** Waits up to here are slept through in the tick; longer ones give the row back. */
const longestSleepMs = 15_000;
const outageRetryMs = 30_000;

/** A phase that this version does not know is begun anew with its state: every step looks before it acts. */
function stepFrom(pipeline: Pipeline, position: string): Step | undefined {
  return pipeline.steps.find(({ from }) => from === position);
}

type Lent = Pick<StepContext, 'vm' | 'takeSlot'>;

/** Carries a row through a pipeline, from where it stands, step after step. `stepEnded` runs after each step but a wait. */
export async function runAttempt(
  tools: RowTools,
  row: VmRow,
  pipeline: Pipeline,
  lent: Lent,
  stepEnded: () => Promise<void>,
): Promise<AttemptEnd> {
  const { report, clock } = tools;
  const known = progressOf(row);
  const begun = {
    ...known,
    run: known.run ?? newRunId(),
    startedAt: known.startedAt ?? new Date(tools.dbNow()).toISOString(),
  };
  const writer = createAttemptWriter(tools.db, tools.token, row, pipeline, begun);
  const startedAt = clock.monotonic();
  const seconds = () => (clock.monotonic() - startedAt) / 1000;
  let lines: string[] = [];
  let resumed = known.run !== undefined;

  const say = (text: string) => {
    lines.push(text);
    report.detail(row, text);
  };
  const complain = (text: string) => {
    say(text);
    const request = `${rowLabel(row)} ${pipeline.action}`;
    tools.moduleLog.write({
      module: 'puq_proxmox_kvm',
      action: pipeline.action,
      request,
      response: text,
      failed: true,
    });
  };
  async function attempt(step: Step): Promise<Verdict> {
    try {
      tools.signal.throwIfAborted();
      return await step.run({ ...tools, ...lent, row, progress: writer.progress, resumed, say, complain });
    } catch (error) {
      return judge(error, tools.signal);
    }
  }
  function waiting(end: 'waiting' | 'outage', why: string): AttemptEnd {
    report.waiting(row, pipeline.action, seconds(), why);
    return end;
  }
  async function wait(
    step: Step,
    outcome: Extract<Outcome, { kind: 'wait' }>,
    entry: LogEntry | undefined,
  ): Promise<AttemptEnd | undefined> {
    const stay = outcome.pollMs <= longestSleepMs && !tools.draining.aborted;
    const written = await writer.wait(outcome, entry, !stay);
    if (written !== 'done') return elsewhere(written);
    if (!stay) return waiting('waiting', `${step.does} (${outcome.wait.for})`);
    const awake = AbortSignal.any([tools.draining, tools.signal]);
    await clock.sleep(outcome.pollMs, awake).catch(() => {});
    // Told to stop while it slept: the row is given back as it stands.
    return tools.draining.aborted && !tools.signal.aborted ? wait(step, outcome, undefined) : undefined;
  }
  function elsewhere(written: Exclude<CheckpointResult, 'done'>): AttemptEnd {
    report.waiting(
      row,
      pipeline.action,
      seconds(),
      written === 'moved' ? `its state is ${row.vm_status} now` : 'another tick has taken over',
    );
    return written;
  }

  /** Undefined: the attempt goes on. */
  async function settle(
    step: Step,
    verdict: Verdict,
    entry: (result: LogEntry['result'], more?: string) => LogEntry,
  ): Promise<AttemptEnd | undefined> {
    const said = () => (lines.length > 0 ? entry('waiting') : undefined);
    switch (verdict.kind) {
      case 'done':
      case 'skipped': {
        const release = tools.draining.aborted;
        const written = await writer.advance(
          step,
          verdict,
          entry(verdict.kind === 'done' ? 'success' : 'skipped', verdict.why),
          release,
        );
        if (written !== 'done') return elsewhere(written);
        if (pipeline.steps.some(({ from }) => from === step.to))
          return release ? waiting('waiting', 'this tick is ending, another one goes on') : undefined;
        report.done(row, pipeline.action, seconds(), 'success');
        return 'done';
      }
      case 'wait':
        return wait(step, verdict, said());
      case 'later':
      case 'outage': {
        say(verdict.why);
        const inMs = verdict.kind === 'later' ? verdict.inMs : outageRetryMs;
        if (verdict.kind === 'outage') report.outage(verdict.why, row.status_message !== verdict.why);
        if (verdict.kind === 'outage' && verdict.code !== undefined) tools.codes.add(verdict.code);
        const written = await writer.later({ ...verdict, kind: 'later', inMs }, said());
        return written === 'done'
          ? waiting(verdict.kind === 'later' ? 'waiting' : 'outage', verdict.why)
          : elsewhere(written);
      }
      case 'failed': {
        if (verdict.cure !== undefined) say(verdict.cure);
        const written = await writer.fail(verdict.reason, verdict.cure, entry('error', verdict.reason));
        if (written !== 'done') return elsewhere(written);
        report.done(row, pipeline.action, seconds(), `error: ${verdict.reason}`);
        tools.codes.add(verdict.code);
        report.entered(row, pipeline.errorState, verdict.reason, verdict.cure);
        if (verdict.crash !== undefined) report.crash(verdict.crash);
        return verdict.crash === undefined ? 'failed' : 'crashed';
      }
      case 'lost':
        return elsewhere('lost');
    }
  }

  report.starting(row, pipeline.action);
  for (;;) {
    const step = stepFrom(pipeline, positionOf(row, writer.progress)) ?? stepFrom(pipeline, row.vm_status);
    if (!step) throw new Error(`the pipeline ${pipeline.action} has no step from ${row.vm_status}`);
    const stepAt = clock.monotonic();
    lines = [];
    const verdict = await attempt(step);
    const end = await settle(step, verdict, (result, more) => ({
      phase: step.does,
      result,
      durationMs: clock.monotonic() - stepAt,
      detail: [...lines, ...(more === undefined || lines.includes(more) ? [] : [more])].join('\n'),
    }));
    if (end !== undefined) return end;
    if (verdict.kind !== 'wait') {
      resumed = false;
      await stepEnded();
    }
  }
}
