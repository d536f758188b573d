import type { Ora } from 'ora';
import type { TickCounts, TickSink } from '../report/tick-report.ts';

export interface ConsoleSink extends TickSink {
  /** For a human who waits: on a terminal or with `--verbose`. */
  notice(text: string): void;
  end(): void;
}

/**
 * With `verbose`, every line on stdout as it happens. Without: nothing on success, one line on stderr for each row that
 * entered an error state (cron mails it); on a terminal a spinner with counts, of which nothing reaches a pipe.
 */
export function consoleSink(verbose: boolean): ConsoleSink {
  const spinner = !verbose && process.stderr.isTTY ? createSpinner() : undefined;
  const alarm = (text: string) => {
    spinner?.clear();
    process.stderr.write(`${text}\n`);
  };
  return {
    line: verbose ? (text) => process.stdout.write(`${text}\n`) : () => {},
    // Who watches every line on a terminal has read it there already; a log's reader gets it by mail.
    alarm: verbose && process.stderr.isTTY ? () => {} : alarm,
    fault: alarm,
    counts: (counts) => spinner?.counts(counts),
    notice: (text) => {
      if (verbose || spinner) alarm(`vmctl: ${text}`);
    },
    end: () => spinner?.end(),
  };
}

interface Spinner {
  counts(counts: TickCounts): void;
  clear(): void;
  end(): void;
}

/** Loads ora when there is something to show: a tick without work shows nothing. */
function createSpinner(): Spinner {
  let ora: Ora | undefined;
  let loading = false;
  let ended = false;
  let text = '';
  return {
    counts({ working, processed, errors }) {
      text = `vmctl cron: ${working} working, ${processed} processed, ${errors} errors`;
      if (ora) ora.text = text;
      if (loading) return;
      loading = true;
      import('ora').then(({ default: create }) => {
        if (!ended) ora = create({ text, stream: process.stderr, discardStdin: false }).start();
      });
    },
    clear: () => ora?.clear(),
    end() {
      ended = true;
      ora?.stop();
    },
  };
}
