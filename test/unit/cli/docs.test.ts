import { readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { commands } from '../../../src/cli/commands/index.ts';
import { commandReference } from '../../../src/cli/reference.ts';
import { allPipelines } from '../../../src/lifecycle/pipelines.ts';
import { states } from '../../../src/lifecycle/states.ts';
import { stateTables } from '../../../src/report/state-tables.ts';

const marked = /(<!-- reference:begin -->\n)([\s\S]*)(<!-- reference:end -->)/;

/** With UPDATE_DOCS=1 in the environment the page is brought up to date instead. */
function expectPage(name: string, reference: string): void {
  const file = new URL(`../../../docs/${name}`, import.meta.url);
  const page = readFileSync(file, 'utf8');
  const found = marked.exec(page)?.[2];
  if (process.env.UPDATE_DOCS === '1' && found !== undefined) {
    writeFileSync(
      file,
      page.replace(marked, (_, begin, __, end) => `${begin}\n${reference}\n\n${end}`),
    );
  } else {
    expect(found).toBe(`\n${reference}\n\n`);
  }
}

it('docs/commands.md holds the help of every command', () => {
  const reference = commandReference();
  for (const { usage } of commands) expect(reference).toContain(`## vmctl ${usage.split(' ')[0]}\n`);
  expectPage('commands.md', reference);
});

it('docs/states.md holds what `vmctl states` prints', async () => {
  expectPage('states.md', stateTables(states, await allPipelines()));
});

it('--help has examples first, for vmctl and for every command', () => {
  for (const section of commandReference().split(/^## /m).slice(1)) {
    expect(section).toMatch(/^vmctl.*\n\n```text\nExamples:\n {2}.*vmctl [\s\S]*\nUsage: vmctl /);
  }
});
