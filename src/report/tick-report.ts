import type { Clock } from '../base/clock.ts';
import { localTime } from '../base/local-time.ts';
import { redact } from '../base/redact.ts';

/** What of a row is printed. */
export interface ReportedRow {
  readonly id: number;
  readonly service_id: number | null;
}

/** Counts at any moment, for a progress display. */
export interface TickCounts {
  readonly working: number;
  readonly processed: number;
  readonly errors: number;
}

/** Where the lines go. The console decides what it shows of them. */
export interface TickSink {
  /** A line of the tick's story. */
  line(text: string): void;
  /** A row has entered an error state: told where the story is not. */
  alarm(text: string): void;
  /** A mistake in vmctl itself: told everywhere. */
  fault(text: string): void;
  counts(counts: TickCounts): void;
}

/** Tells the story of one tick, in the layout of the contract, section 5. */
export interface TickReport {
  start(): void;
  starting(row: ReportedRow, action: string): void;
  detail(row: ReportedRow, text: string): void;
  /** `result`: `success` or `error: <reason>`. */
  done(row: ReportedRow, action: string, seconds: number, result: string): void;
  /** The row is given back as it stands. */
  waiting(row: ReportedRow, action: string, seconds: number, why: string): void;
  /** A whole cluster cannot be worked with. `news`: the row that found out could be worked on when it was last tried. */
  outage(why: string, news: boolean): void;
  /** A mistake in vmctl itself, with its stack. */
  crash(error: unknown): void;
  entered(row: ReportedRow, state: string, reason: string, cure: string | undefined): void;
  /** What a dry run would do with a row. */
  planned(row: ReportedRow, action: string, lines: readonly string[]): void;
  /** A line that belongs to no row. */
  note(text: string): void;
  end(seconds: number): void;
  readonly processed: number;
  readonly errors: number;
  /** Why clusters could not be worked with, and whether that is news. */
  readonly outages: ReadonlyMap<string, boolean>;
}

/** `sid:5546`, or `vm:<row id>` for a row without a service. */
export function rowLabel(row: ReportedRow): string {
  return row.service_id === null ? `vm:${row.id}` : `sid:${row.service_id}`;
}

export function createTickReport(sink: TickSink, clock: Clock, timeZone: string): TickReport {
  let working = 0;
  let processed = 0;
  let errors = 0;
  const outages = new Map<string, boolean>();
  const print = (text: string) => sink.line(`${localTime(clock.now(), timeZone)} ${redact(text)}`);
  const counted = () => sink.counts({ working, processed, errors });
  return {
    start: () => print('vmctl cron start'),
    starting(row, action) {
      working += 1;
      counted();
      print(`  ${rowLabel(row)}  [${action}] starting`);
    },
    detail: (row, text) => print(`  ${rowLabel(row)}    · ${text}`),
    done(row, action, seconds, result) {
      working -= 1;
      processed += 1;
      if (result.startsWith('error')) errors += 1;
      counted();
      print(`  ${rowLabel(row)}  [${action}] done (${seconds.toFixed(2)}s) result=${result}`);
    },
    waiting(row, action, seconds, why) {
      working -= 1;
      processed += 1;
      counted();
      print(`  ${rowLabel(row)}  [${action}] waiting (${seconds.toFixed(2)}s): ${why}`);
    },
    outage: (why, news) => outages.set(why, news || outages.get(why) === true),
    crash: (error) => sink.fault(redact(error instanceof Error ? (error.stack ?? error.message) : String(error))),
    entered(row, state, reason, cure) {
      const what = `vmctl: ${rowLabel(row)} is now ${state}: ${redact(reason)}`;
      sink.alarm(cure === undefined ? what : `${what}. What to do: ${redact(cure)}`);
    },
    planned(row, action, lines) {
      processed += 1;
      print(`  ${rowLabel(row)}  [${action}] would do`);
      for (const line of lines) print(`  ${rowLabel(row)}    · ${line}`);
    },
    note: (text) => print(text),
    end: (seconds) =>
      print(`vmctl cron end (${seconds.toFixed(1)}s total): processed: ${processed}, errors: ${errors}`),
    outages,
    get processed() {
      return processed;
    },
    get errors() {
      return errors;
    },
  };
}
