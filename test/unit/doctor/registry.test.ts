import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { checkList, checks } from '../../../src/doctor/registry.ts';

it('docs/doctor.md holds the list that vmctl doctor --list prints', () => {
  const page = readFileSync(new URL('../../../docs/doctor.md', import.meta.url), 'utf8');
  expect(page).toContain(`${checkList()}\n`);
});

it('every check has a name of its own', () => {
  expect(new Set(checks.map(({ name }) => name)).size).toBe(checks.length);
});
