import type { Clock } from '../base/clock.ts';
import { classifyTask } from './classify.ts';
import { ProxmoxError } from './errors.ts';
import type { TaskCalls } from './task-calls.ts';
import { parseUpid } from './upid.ts';
import type { Watch } from './watch.ts';

/** How a task ended. `text`: its exit status. `log`: its last lines, for all but a plain `OK`. */
export type TaskExit = { readonly text: string; readonly log: readonly string[] } & (
  | { readonly state: 'done'; readonly ok: true; readonly warnings: number }
  | { readonly state: 'failed'; readonly ok: false; readonly error: ProxmoxError }
);

export interface WaitOptions {
  /** 0: one look. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

const logLines = 10;

/** What a task's exit status means: `OK` and `WARNINGS: n` are success, anything else is a classified error. */
export async function readExit(calls: Pick<TaskCalls, 'taskLog'>, upid: string, exitstatus: string): Promise<TaskExit> {
  const text = exitstatus;
  if (text === 'OK') return { state: 'done', ok: true, warnings: 0, text, log: [] };
  const log = await lastLines(calls, upid);
  const [, warnings] = /^WARNINGS: (\d+)$/.exec(text) ?? [];
  if (warnings !== undefined) return { state: 'done', ok: true, warnings: Number(warnings), text, log };
  const { node, type } = parseUpid(upid);
  return { state: 'failed', ok: false, text, log, error: classifyTask({ upid, type, node }, text, log) };
}

/** The result counts more than its log: that one is left out where it cannot be read. */
async function lastLines(calls: Pick<TaskCalls, 'taskLog'>, upid: string): Promise<string[]> {
  try {
    return await calls.taskLog(upid, logLines);
  } catch (error) {
    if (error instanceof ProxmoxError) return [];
    throw error;
  }
}

/**
 * Waits for the end of a task. A task that failed is an exit with its error, not a rejection.
 * @throws ProxmoxError `task-running` when it has not ended in `timeoutMs`; errors of the calls
 */
export async function waitForTask(
  { watch, clock }: { readonly watch: Watch; readonly clock: Clock },
  upid: string,
  { timeoutMs, signal }: WaitOptions,
): Promise<TaskExit> {
  const start = clock.monotonic();
  for (let pauseMs = 500; ; pauseMs = Math.min(pauseMs * 1.5, 3_000)) {
    const task = await watch.task(upid, { signal });
    if (task.state !== 'running') return task;
    const leftMs = start + timeoutMs - clock.monotonic();
    if (leftMs <= 0) throw stillRunning(upid, timeoutMs);
    await clock.sleep(Math.min(pauseMs, leftMs), signal);
  }
}

function stillRunning(upid: string, timeoutMs: number): ProxmoxError {
  const { node, type } = parseUpid(upid);
  return new ProxmoxError({
    kind: 'unknown',
    reason: 'task-running',
    text: `the task ${type} has not ended within ${timeoutMs / 1000} s`,
    call: { method: 'task', path: `${type} ${upid}` },
    node,
  });
}
