import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const vmctl = fileURLToPath(new URL('../../bin/vmctl.js', import.meta.url));

export interface ProcessResult {
  /** `null` if a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningProcess {
  readonly pid: number;
  /** What it has written so far. */
  readonly output: { readonly stdout: string; readonly stderr: string };
  readonly result: Promise<ProcessResult>;
  /** Sends a signal to this process alone. */
  kill(signal: NodeJS.Signals): void;
  /** Resolves when stdout contains `text`; rejects if it ends before. */
  seen(text: string): Promise<void>;
}

export interface ProcessOptions {
  /** Added to what cron gives a job: HOME, LOGNAME, PATH, SHELL. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly input?: string;
  /** Another program file in place of `bin/vmctl.js`. */
  readonly program?: string;
  /** Options of Node itself. */
  readonly nodeOptions?: readonly string[];
}

function cronEnvironment(cwd: string): Record<string, string> {
  return { HOME: cwd, LOGNAME: 'root', PATH: '/usr/bin:/bin', SHELL: '/bin/sh' };
}

function outputOf(child: ChildProcess) {
  const output = { stdout: '', stderr: '' };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output.stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text;
  });
  return output;
}

/** Starts the built `vmctl` with these arguments, in an environment as bare as cron's. */
export function startVmctl(args: readonly string[], options: ProcessOptions = {}): RunningProcess {
  const cwd = options.cwd ?? '/';
  const child = spawn(process.execPath, [...(options.nodeOptions ?? []), options.program ?? vmctl, ...args], {
    cwd,
    env: { ...cronEnvironment(cwd), ...options.env },
    stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  child.stdin?.end(options.input);
  const output = outputOf(child);
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const result = once(child, 'close').then(() => {
    process.off('exit', kill);
    return { code: child.exitCode, signal: child.signalCode, ...output };
  });
  return {
    pid: child.pid ?? 0,
    output,
    result,
    kill(signal) {
      child.kill(signal);
    },
    async seen(text) {
      while (!output.stdout.includes(text)) {
        const ended = await Promise.race([result, once(child.stdout ?? child, 'data').then(() => undefined)]);
        if (ended && !output.stdout.includes(text)) {
          throw new Error(`"${text}" did not come, but: ${ended.stdout}${ended.stderr}`);
        }
      }
    },
  };
}

/** Runs `vmctl` to its end. */
export function runVmctl(args: readonly string[], options: ProcessOptions = {}): Promise<ProcessResult> {
  return startVmctl(args, options).result;
}
