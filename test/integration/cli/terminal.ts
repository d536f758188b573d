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

/** What is left to read on a screen: lines without the control sequences that draw them. */
export function plain(screen: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed.
  return screen.replace(/\u001B\[[0-9;?]*[A-Za-z]/g, '').replaceAll('\r\n', '\n');
}
