import { run } from './program.ts';

// https://no-color.org: what prints colours here knows only FORCE_COLOR.
if (process.env.NO_COLOR) process.env.FORCE_COLOR = '0';

// Whoever reads may stop reading (`vmctl list | head`): no reason to stop in the middle of a tick, or to complain.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

process.exitCode = await run(process.argv.slice(2));
