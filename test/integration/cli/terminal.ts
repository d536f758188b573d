import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Site } from '../../support/site.ts';

const bin = fileURLToPath(new URL('../../../bin/vmctl.js', import.meta.url));

/** What a human sees and types. */
export interface Terminal {
  /** Everything that reached the terminal, control characters included. */
  readonly screen: string;
  readonly code: number | null;
}

/**
 * Runs vmctl on a terminal of its own (util-linux's `script`). `answer` is typed when `question` is on the screen;
 * `redirect` is the shell's, such as `2>/dev/null`. Without `columns` the terminal is 80 wide.
 */
export async function onTerminal(
  site: Site,
  args: readonly string[],
  options: {
    env?: Record<string, string>;
    question?: string;
    answer?: string;
    redirect?: string;
    columns?: number;
  } = {},
): Promise<Terminal> {
  const command = [process.execPath, bin, ...args].map((word) => `'${word}'`).join(' ');
  const line = `stty cols ${options.columns ?? 80} rows 24; exec ${command} ${options.redirect ?? ''}`;
  const child = spawn('script', ['-qefc', line, '/dev/null'], {
    cwd: site.folder,
    env: { PATH: '/usr/bin:/bin', TERM: 'xterm-256color', SHELL: '/bin/sh', ...site.env, ...options.env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let screen = '';
  let answered = false;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    screen += text;
    if (answered || options.question === undefined || !screen.includes(options.question)) return;
    answered = true;
    child.stdin.write(options.answer ?? '\n');
  });
  await once(child, 'close');
  return { screen, code: child.exitCode };
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what a terminal obeys.
const sequence = /\u001B\[(\??\d*)([A-Za-z])|\r|\n|[^\u001B\r\n]+/g;

/** What a human sees in the end, after everything was drawn and erased: lines, without colours. */
export function seen(screen: string): string {
  const lines = [''];
  let row = 0;
  let column = 0;
  for (const [text, count = '', command] of screen.matchAll(sequence)) {
    const line = lines[row] ?? '';
    if (text === '\r') column = 0;
    else if (text === '\n') row += 1;
    else if (command === 'A') row = Math.max(0, row - Number(count || 1));
    else if (command === 'G') column = Number(count || 1) - 1;
    else if (command === 'K') lines[row] = count === '2' ? '' : line.slice(0, column);
    else if (command === undefined) {
      lines[row] = line.padEnd(column).slice(0, column) + text + line.slice(column + text.length);
      column += text.length;
    }
    while (lines.length <= row) lines.push('');
  }
  return lines.join('\n');
}
