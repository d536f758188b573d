import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { VmRow } from '../../../src/records/vm-row.ts';
import { createSite, type Site } from '../../support/site.ts';
import { onTerminal, seen } from './terminal.ts';

let site: Site;
let vmid = 2000;
beforeAll(async () => {
  site = await createSite({ speed: 30, whmcs: false });
});
afterAll(() => site.close());
beforeEach(async () => {
  await site.db.knex(site.db.vmTable).delete();
});

function addVm(row: Partial<VmRow> = {}): Promise<VmRow> {
  vmid += 1;
  return site.addVm({ vm: { vmid, guest: { shutdownMs: 30_000 } }, row });
}

const hideCursor = '\u001B[?25l';
const showCursor = '\u001B[?25h';
const colour = '\u001B[3';
const red = '\u001B[41m';

it('without --verbose a terminal shows a spinner with counts, which leaves it clean', async () => {
  await addVm();
  const { screen, code } = await onTerminal(site, ['cron']);
  expect(code).toBe(0);
  expect(screen).toContain('vmctl cron: 1 working, 0 processed, 0 errors');
  expect(screen).toContain(hideCursor);
  expect(screen.lastIndexOf(showCursor)).toBeGreaterThan(screen.lastIndexOf(hideCursor));
  expect(seen(screen)).toBe('');
});

it('the spinner is on stderr: what is piped on has nothing of it', async () => {
  await addVm();
  expect((await onTerminal(site, ['cron'], { redirect: '2>/dev/null' })).screen).toBe('');
});

it('an error stays on the screen, on a line of its own, when the spinner is gone', async () => {
  await addVm({ vm_uuid: '00000000-0000-4000-8000-000000000000' });
  const { screen, code } = await onTerminal(site, ['cron']);
  expect(code).toBe(3);
  expect(seen(screen)).toMatch(/^vmctl: vm:\d+ is now error_terminate: [^\n]*\n$/);
});

it('with nothing to do there is no spinner', async () => {
  await site.vmctl(['cron']);
  expect(await onTerminal(site, ['cron'])).toEqual({ screen: '', code: 0 });
});

it('a terminal that does not know its width gets no spinner', async () => {
  await addVm();
  expect(await onTerminal(site, ['cron'], { columns: 0 })).toEqual({ screen: '', code: 0 });
});

it('TERM=dumb gets no spinner', async () => {
  await addVm();
  expect(await onTerminal(site, ['cron'], { env: { TERM: 'dumb' } })).toEqual({ screen: '', code: 0 });
});

it('states are in colour on a terminal, without it for NO_COLOR and in a pipe', async () => {
  await addVm({ vm_status: 'ready' });
  expect((await onTerminal(site, ['list'])).screen).toContain(`${colour}2mready`);
  const without = await onTerminal(site, ['list'], { env: { NO_COLOR: '1' } });
  expect(without.screen).toContain('ready');
  expect(without.screen).not.toContain('\u001B');
  expect((await site.vmctl(['list'])).stdout).not.toContain('\u001B');
});

it('NO_COLOR also takes the colour from the spinner', async () => {
  await addVm();
  const { screen } = await onTerminal(site, ['cron'], { env: { NO_COLOR: '1' } });
  expect(screen).toContain('1 working');
  expect(screen).not.toContain(colour);
});

it('show has a red banner with the reason on a row in error_*', async () => {
  const row = await addVm({ vm_status: 'error_terminate', status_message: 'lvremove said no' });
  const { screen } = await onTerminal(site, ['show', String(row.id)]);
  expect(screen.startsWith(red)).toBe(true);
  expect(seen(screen)).toMatch(/^ error_terminate: lvremove said no $/m);
});

it.each([
  ['yes', 'yes\r', 0, 0],
  ['no', 'no\r', 12, 1],
  ['Ctrl-D', '\u0004', 12, 1],
  ['Ctrl-C', '\u0003', 12, 1],
] as const)('delete-record repeats the warning and asks; the answer is %s', async (_, answer, code, left) => {
  const row = await addVm({ vm_status: 'error_terminate' });
  const result = await onTerminal(site, ['delete-record', String(row.id)], { question: 'Type yes to go on', answer });
  expect(result.code).toBe(code);
  const said = seen(result.screen);
  expect(said).toContain('It does not touch Proxmox or tblhosting: a VM that still exists goes on running.');
  expect(said.indexOf('goes on running')).toBeLessThan(said.indexOf('Delete the row? Type yes to go on'));
  expect(said).toContain(code === 0 ? `row ${row.id} deleted` : 'not confirmed, nothing was changed');
  expect(await site.db.knex(site.db.vmTable).where({ id: row.id })).toHaveLength(left);
});
