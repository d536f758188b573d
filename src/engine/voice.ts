import type { LogEntry } from '../records/vm-log.ts';
import type { VmRow } from '../records/vm-row.ts';
import { rowLabel } from '../report/tick-report.ts';
import type { RowTools } from './row-tools.ts';

/** What an attempt says about its row: printed at once, and gathered for the log entry of the step that said it. */
export interface Voice {
  say(text: string): void;
  /** The same for an error that does not block; it goes to the Module Log too. */
  complain(text: string): void;
  /** A step begins. */
  begin(phase: string): void;
  /** The log entry of this step as it stands. `more` is added unless it was said. */
  entry(result: LogEntry['result'], more?: string): LogEntry;
  /** An entry for a wait, if anything was said. */
  waiting(): LogEntry | undefined;
}

export function createVoice({ report, moduleLog, clock }: RowTools, row: VmRow, action: string): Voice {
  let phase = '';
  let begunAt = 0;
  let lines: string[] = [];

  function say(text: string): void {
    lines.push(text);
    report.detail(row, text);
  }
  function entry(result: LogEntry['result'], more?: string): LogEntry {
    const detail = more === undefined || lines.includes(more) ? lines : [...lines, more];
    return { phase, result, durationMs: clock.monotonic() - begunAt, detail: detail.join('\n') };
  }
  return {
    say,
    complain(text) {
      say(text);
      const request = `${rowLabel(row)} ${action}`;
      moduleLog.write({ module: 'puq_proxmox_kvm', action, request, response: text, failed: true });
    },
    begin(name) {
      phase = name;
      begunAt = clock.monotonic();
      lines = [];
    },
    entry,
    waiting: () => (lines.length > 0 ? entry('waiting') : undefined),
  };
}
