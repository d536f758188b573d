import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { scaledClock } from '../../base/clock.ts';
import { printLine } from '../print.ts';
import { fillDatabase } from './rows.ts';
import { startWorld } from './world.ts';

/** The demo's time runs so many times as fast, so that a shutdown of 45 s takes two. */
const speed = 20;

/** Runs the demo; see docs/demo.md. What it starts listens on loopback and ends with it. */
export async function runDemo(keep: boolean): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'vmctl-demo-'));
  const anchor = Date.now();
  const clock = scaledClock(anchor, speed);
  const world = await startWorld(folder, clock);
  try {
    const env = {
      PATH: process.env.PATH ?? '',
      ...(process.env.TZ ? { TZ: process.env.TZ } : {}),
      FORCE_COLOR: process.stdout.isTTY && process.env.NO_COLOR === undefined ? '1' : '0',
      VMCTL_CLOCK: `${anchor}:${speed}`,
      VMCTL_CONFIG: world.config,
      VMCTL_DATABASE_URL: `sqlite:${join(folder, 'vmctl.sqlite')}`,
    };
    await fillDatabase(env.VMCTL_DATABASE_URL, clock);
    printLine(
      `A simulated cluster, three simulated DNS servers and a database in ${folder}. Time runs ${speed} times as fast.`,
    );
    await vmctl(env, 'list');
    await vmctl(env, 'cron', '--verbose');
    await vmctl(env, 'list');
    await vmctl(env, 'show', '2');
    await vmctl(env, 'log', '1');
  } finally {
    await world.close();
    if (keep) printLine(`kept: ${folder}`);
    else rmSync(folder, { recursive: true });
  }
}

/** Runs the real command in a process of its own, as cron does. */
function vmctl(env: Readonly<Record<string, string>>, ...words: string[]): Promise<void> {
  printLine(`\n$ vmctl ${words.join(' ')}`);
  const program = process.argv[1] ?? '';
  const child = spawn(process.execPath, [program, ...words], { env, stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', () => resolve());
  });
}
