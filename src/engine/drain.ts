import type { Clock } from '../base/clock.ts';

/** How long running work may take to its next checkpoint after SIGTERM, SIGINT or max-runtime. */
const drainMs = 120_000;

/** How a tick is asked to stop. */
export interface Drain {
  /** Aborted when nothing new may be begun. */
  readonly draining: AbortSignal;
  /** Aborted when the time to drain is over, or at the second signal: work is dropped where it is; its claims run out. */
  readonly over: AbortSignal;
  /** 143 for SIGTERM, 130 for SIGINT. */
  readonly exitCode: number | undefined;
  end(): void;
}

/** Listens for SIGTERM and SIGINT until `end`. `say` tells a waiting human what happens. */
export function listenForSignals(clock: Clock, say: (text: string) => void): Drain {
  const draining = new AbortController();
  const over = new AbortController();
  let exitCode: number | undefined;
  const onSignal = (signal: NodeJS.Signals) => {
    if (exitCode !== undefined) return over.abort(new Error(`second signal ${signal}`));
    exitCode = signal === 'SIGINT' ? 130 : 143;
    say(`${signal}: finishing the steps that are running (at most ${drainMs / 1000} s); a second signal drops them`);
    draining.abort(new Error(signal));
    endAfter(clock, drainMs, over);
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  return {
    draining: draining.signal,
    over: over.signal,
    get exitCode() {
      return exitCode;
    },
    end() {
      process.off('SIGTERM', onSignal);
      process.off('SIGINT', onSignal);
      over.abort(new Error('the tick has ended'));
    },
  };
}

/** The same, and asked to stop after `ms` in any case: a step that hangs keeps neither the tick nor its row for ever. */
export function withMaxRuntime(outer: Drain, clock: Clock, ms: number): Drain {
  const draining = new AbortController();
  const over = new AbortController();
  const ended = new AbortController();
  clock.sleep(ms, ended.signal).then(
    () => {
      draining.abort(new Error('max-runtime is over'));
      endAfter(clock, drainMs, over, ended.signal);
    },
    () => {},
  );
  return {
    draining: AbortSignal.any([outer.draining, draining.signal]),
    over: AbortSignal.any([outer.over, over.signal]),
    get exitCode() {
      return outer.exitCode;
    },
    end: () => ended.abort(),
  };
}

function endAfter(clock: Clock, ms: number, over: AbortController, unless = over.signal): void {
  clock.sleep(ms, unless).then(
    () => over.abort(new Error('the time to drain is over')),
    () => {},
  );
}
