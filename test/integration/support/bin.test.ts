import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { type RunningProcess, runVmctl, startVmctl } from '../../support/process.ts';

const bin = fileURLToPath(new URL('../../../bin/vmctl.js', import.meta.url));

/** Makes Node believe, in this process only, that it is an old one. */
const oldNode = [
  '--import',
  `data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.20.2'}})`,
];

/** An installed package with the real `bin/vmctl.js` and another main program. */
function packageWith({ main, ownNode = false }: { main?: string; ownNode?: boolean }): string {
  const folder = mkdtempSync(join(tmpdir(), 'vmctl-bin-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const name of ['bin', 'dist', 'node_modules/.bin']) mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  copyFileSync(bin, join(folder, 'bin/vmctl.js'));
  chmodSync(join(folder, 'bin/vmctl.js'), 0o755);
  if (main !== undefined) writeFileSync(join(folder, 'dist/main.js'), main);
  if (ownNode) symlinkSync(process.execPath, join(folder, 'node_modules/.bin/node'));
  return join(folder, 'bin/vmctl.js');
}

const echo = 'console.log(JSON.stringify([process.argv.slice(2), process.versions.node])); process.exitCode = 12;';
const waiter =
  "process.on('SIGTERM', () => process.exit(143)); setInterval(() => {}, 1000); console.log('pid ' + process.pid);";

it('runs the built program with its arguments and exit code', async () => {
  const result = await runVmctl(['cron', '--only', '7'], { program: packageWith({ main: echo }) });
  expect(result).toMatchObject({ code: 12, stderr: '' });
  expect(JSON.parse(result.stdout)).toEqual([['cron', '--only', '7'], process.versions.node]);
});

it('says what to type when it was not built', async () => {
  const result = await runVmctl([], { program: packageWith({}) });
  expect(result).toMatchObject({ code: 2, stdout: '' });
  expect(result.stderr).toMatch(/not built.*npm ci && npm run build/);
});

it('on a Node that is too old, without one of its own, says which is needed', async () => {
  const result = await runVmctl([], { program: packageWith({ main: echo }), nodeOptions: oldNode });
  expect(result).toMatchObject({ code: 2, stdout: '' });
  expect(result.stderr).toContain('Node 22.13 or newer is needed, this is 20.20.2');
});

it("on a Node that is too old starts itself again with the package's own, arguments and exit code kept", async () => {
  const program = packageWith({ main: echo, ownNode: true });
  const result = await runVmctl(['list', '--json'], { program, nodeOptions: oldNode });
  expect(result).toMatchObject({ code: 12, stderr: '' });
  expect(JSON.parse(result.stdout)).toEqual([['list', '--json'], process.versions.node]);
});

it('on a Node that is too old forwards a signal and waits for the answer to it', async () => {
  const running = startVmctl([], { program: packageWith({ main: waiter, ownNode: true }), nodeOptions: oldNode });
  await running.seen('pid ');
  running.kill('SIGTERM');
  expect(await running.result).toMatchObject({ code: 143, signal: null });
});

it('on a Node that is too old reports a program that a signal ended as a shell does', async () => {
  const running: RunningProcess = startVmctl([], {
    program: packageWith({ main: waiter, ownNode: true }),
    nodeOptions: oldNode,
  });
  await running.seen('pid ');
  process.kill(Number(/pid (\d+)/.exec(running.output.stdout)?.[1]), 'SIGKILL');
  expect(await running.result).toMatchObject({ code: 137 });
});

it('gives vmctl no more of an environment than cron does', async () => {
  const program = packageWith({ main: 'console.log(Object.keys(process.env).sort().join())' });
  expect((await runVmctl([], { program })).stdout).toBe('HOME,LOGNAME,PATH,SHELL\n');
});
