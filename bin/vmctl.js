#!/usr/bin/env node
// Plain JavaScript that any Node can run: it is what tells an old one that it is too old.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

const needed = [22, 13];

function isOld(version) {
  const [major, minor] = version.split('.').map(Number);
  return major < needed[0] || (major === needed[0] && minor < needed[1]);
}

/** Runs this file again with the Node of the package's own dependencies: cron's PATH often finds an old one first. */
function runAgainWith(node) {
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  const forwarded = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'];
  for (const signal of forwarded) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    console.error(`vmctl: ${node} does not start: ${error.message}`);
    process.exit(2);
  });
  child.on('exit', (code, signal) => process.exit(code === null ? 128 + constants.signals[signal] : code));
}

async function runHere() {
  const main = new URL('../dist/main.js', import.meta.url);
  if (!existsSync(main)) {
    console.error('vmctl: not built: type `npm ci && npm run build` in the folder of vmctl');
    process.exit(2);
  }
  // Beside the code, not in the default /tmp, where any local user could have put a cache for root to run.
  const cache = fileURLToPath(new URL('../dist/.compile-cache', import.meta.url));
  if (nodeModule.enableCompileCache) nodeModule.enableCompileCache(cache);
  await import(main.href);
}

if (isOld(process.versions.node)) {
  const own = fileURLToPath(new URL('../node_modules/.bin/node', import.meta.url));
  if (existsSync(own)) {
    runAgainWith(own);
  } else {
    console.error(
      `vmctl: Node ${needed.join('.')} or newer is needed, this is ${process.versions.node} (${process.execPath})`,
    );
    process.exit(2);
  }
} else {
  await runHere();
}
