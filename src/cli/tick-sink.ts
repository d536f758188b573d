import type { Ora } from 'ora';
import type { TickCounts, TickSink } from '../report/tick-report.ts';

export interface ConsoleSink extends TickSink {
  /** For a human who waits: on a terminal or with `--verbose`. */
  notice(text: string): void;
  /** Why a whole cluster could not be worked with: always on a terminal, else when it is news. */
  outage(why: string, news: boolean): void;
  end(): void;
}

/**
 * With `verbose`, every line on stdout as it happens. Without: nothing on success, one line on stderr for each row that
 * entered an error state (cron mails it); on a terminal a spinner with counts, of which nothing reaches a pipe.
 */
export function consoleSink(verbose: boolean): ConsoleSink {
  const { isTTY } = process.stderr;
  const spinner = !verbose && canDraw(process.stderr) ? createSpinner() : undefined;
  const tell = (text: string) => {
    spinner?.clear();
    process.stderr.write(`${text}\n`);
  };
  // Who watches every line on a terminal has read it there already; a log's reader gets it by mail.
  const alarm = verbose && isTTY ? () => {} : tell;
  return {
    line: verbose ? (text) => process.stdout.write(`${text}\n`) : () => {},
    alarm,
    fault: tell,
    counts: (counts) => spinner?.counts(counts),
    notice: (text) => {
      if (verbose || isTTY) tell(`vmctl: ${text}`);
    },
    outage: (why, news) => {
      if (news || isTTY) alarm(`vmctl: ${why}`);
    },
    end: () => spinner?.end(),
  };
}

/** On a terminal that has no width (a bare pty), ora erases lines without end. */
function canDraw({ isTTY, columns }: NodeJS.WriteStream): boolean {
  return isTTY && columns > 0 && process.env.TERM !== 'dumb';
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
