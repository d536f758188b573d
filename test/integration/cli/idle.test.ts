import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startMysqlGate } from '../../support/mysql-gate.ts';
import { runVmctl } from '../../support/process.ts';
import { createSite, type Site } from '../../support/site.ts';

let site: Site;
beforeAll(async () => {
  site = await createSite({ speed: 1 });
  await site.addVm({ row: { vm_status: 'ready' } });
  // The first tick runs the duties; for the next minute there is nothing to do.
  expect(await site.vmctl(['cron'])).toMatchObject({ code: 0 });
});
afterAll(() => site.close());

/** Writes the URL of every module that is loaded, by import or require, into the file that LOADED names. */
const spy = `data:text/javascript,${encodeURIComponent(`
  import { appendFileSync } from 'node:fs';
  import { registerHooks } from 'node:module';
  registerHooks({ load(url, context, next) { appendFileSync(process.env.LOADED, url + '\\n'); return next(url, context); } });
`)}`;

async function modulesOf(args: readonly string[], program?: string): Promise<string[]> {
  const file = join(site.folder, `loaded-${performance.now()}`);
  const result = await runVmctl(args, {
    env: { ...site.env, LOADED: file },
    cwd: site.folder,
    nodeOptions: ['--import', spy],
    ...(program === undefined ? {} : { program }),
  });
  expect(result).toMatchObject({ code: 0, stderr: '' });
  return readFileSync(file, 'utf8').split('\n');
}

const notWhenIdle = /\/node_modules\/(got|ora|chalk|p-limit|better-sqlite3|selfsigned)\//;

it('an idle tick loads no HTTP client, no spinner, no colours', async () => {
  const loaded = await modulesOf(['cron']);
  expect(loaded.filter((url) => notWhenIdle.test(url))).toEqual([]);
  // The spy sees what is loaded: a tick always needs these.
  for (const name of ['mysql2', 'knex', 'commander']) {
    expect(loaded.some((url) => url.includes(`/node_modules/${name}/`))).toBe(true);
  }
});

it('an idle tick loads nothing of Proxmox, of DNS and of the pipelines', async () => {
  const main = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url));
  const loaded = await modulesOf(['cron'], main);
  const ours = loaded.flatMap((url) => /\/src\/(.*\.ts)$/.exec(url)?.[1] ?? []);
  expect(ours).toContain('engine/tick.ts');
  expect(ours.filter((file) => /^(proxmox|dns|simulator|doctor|lifecycle\/terminate)\//.test(file))).toEqual([]);
});

it('an idle tick costs at most 4 SQL statements', async () => {
  const statements: string[] = [];
  const gate = await startMysqlGate(site.databaseUrl, ({ sql, phase }) => {
    if (phase === 'before') statements.push(sql);
    return 'pass';
  });
  try {
    expect(await site.vmctl(['cron'], { VMCTL_DATABASE_URL: gate.url })).toMatchObject({
      code: 0,
      stdout: '',
      stderr: '',
    });
  } finally {
    await gate.close();
  }
  expect(statements.length).toBeGreaterThan(1);
  expect(statements.length, statements.join('\n')).toBeLessThanOrEqual(4);
});
