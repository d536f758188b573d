import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { claimRow } from '../../../src/records/claims.ts';
import type { Database } from '../../../src/records/database.ts';
import { deleteRow, requestState, resetRow } from '../../../src/records/operator.ts';
import { enterTick } from '../../../src/records/ticks.ts';
import { addRow, createRecords, dialects, type Ground, readRow, turnedClock } from './fixtures.ts';

const [alive, dead] = ['aaaaaaaa-0000-4000-8000-000000000000', 'bbbbbbbb-0000-4000-8000-000000000000'];
const deletable = ['error_terminate', 'remove'];

describe.each(dialects)('what operator and panel write on %s', (dialect) => {
  const clock = turnedClock();
  let records: Ground & { db: Database };
  let db: Database;
  beforeAll(async () => {
    records = await createRecords(dialect, { clock });
    db = records.db;
    await enterTick(db, dead, 1_000);
    clock.turn(2_000);
    await enterTick(db, alive, 3_600_000);
  });
  afterAll(() => records.remove());

  async function withAddress(row: Parameters<typeof addRow>[1], address: string) {
    const added = await addRow(db, { cluster: 'main', vm_id: 2003, vm_uuid: 'uuid-1', ...row });
    await db.knex('mod_vmctl_ip_allocations').insert({ address, row_id: added.id, state: 'allocated' });
    return added;
  }
  const address = (text: string) => db.knex('mod_vmctl_ip_allocations').where({ address: text }).first();

  it('a reset clears what the pipeline remembered and makes the row due', async () => {
    const row = await addRow(db, {
      ...{ vm_status: 'error_terminate', status_message: 'lock', attempts: 2, revision: 4 },
      ...{ progress: '{"phase":"x"}', progress_for: 'terminate', next_attempt_at: '2099-01-01 00:00:00.000' },
    });
    expect(await resetRow(db, row, 'terminate', false)).toBe('done');
    expect(await readRow(db, row.id)).toMatchObject({
      ...{ vm_status: 'terminate', status_message: null, attempts: 0, revision: 5, claim_token: null },
      ...{ progress: null, progress_for: null, next_attempt_at: null },
    });
  });

  it('a row that a living tick works on is refused without force; a dead tick’s claim does not count', async () => {
    const row = await addRow(db);
    await claimRow(db, alive, row.id);
    expect(await resetRow(db, row, 'ready', false)).toBe('claimed');
    expect(await readRow(db, row.id)).toMatchObject({ vm_status: 'terminate', claim_token: alive });
    expect(await resetRow(db, row, 'ready', true)).toBe('done');
    expect(await readRow(db, row.id)).toMatchObject({ vm_status: 'ready', claim_token: null });
    const other = await addRow(db);
    await claimRow(db, dead, other.id);
    expect(await resetRow(db, other, 'ready', false)).toBe('done');
  });

  it('a row that has changed since it was seen is left alone', async () => {
    const row = await addRow(db);
    await db.knex(db.vmTable).where({ id: row.id }).update({ vm_status: 'remove' });
    expect(await resetRow(db, row, 'ready', true)).toBe('changed');
    expect(await readRow(db, row.id)).toMatchObject({ vm_status: 'remove' });
    await db.knex(db.vmTable).where({ id: row.id }).delete();
    expect(await resetRow(db, row, 'ready', true)).toBe('changed');
  });

  it('reset to remove frees nothing: address and VMID are quarantined until the VM was seen to be gone', async () => {
    const row = await withAddress({ vm_status: 'error_terminate' }, '192.0.2.1');
    expect(await resetRow(db, row, 'remove', false)).toBe('done');
    expect(await address('192.0.2.1')).toMatchObject({ state: 'quarantined', released_at: null, vm_uuid: 'uuid-1' });
    const kept = await withAddress({ vm_status: 'error_terminate' }, '192.0.2.2');
    await resetRow(db, kept, 'terminate', false);
    expect(await address('192.0.2.2')).toMatchObject({ state: 'allocated' });
  });

  it('a row is deleted in the states that allow it only, not while a tick works on it; its addresses are quarantined', async () => {
    const ready = await withAddress({ vm_status: 'ready' }, '192.0.2.3');
    await deleteRow(db, ready, deletable);
    expect(await readRow(db, ready.id)).toMatchObject({ vm_status: 'ready' });
    expect(await address('192.0.2.3')).toMatchObject({ state: 'allocated' });
    const row = await withAddress({ vm_status: 'error_terminate' }, '192.0.2.4');
    await claimRow(db, alive, row.id);
    expect(await deleteRow(db, row, deletable)).toBe('claimed');
    await db.knex(db.vmTable).where({ id: row.id }).update({ claim_token: dead });
    expect(await deleteRow(db, row, deletable)).toBe('done');
    expect(await db.knex(db.vmTable).where({ id: row.id })).toEqual([]);
    expect(await address('192.0.2.4')).toMatchObject({ state: 'quarantined', released_at: null, row_id: row.id });
    expect(await deleteRow(db, row, deletable)).toBe('changed');
  });

  it('the panel’s request is written whoever works on the row, but wakes no removed one', async () => {
    const row = await addRow(db, { vm_status: 'ready' });
    await claimRow(db, alive, row.id);
    await requestState(db, row, 'terminate');
    expect(await readRow(db, row.id)).toMatchObject({ vm_status: 'terminate', claim_token: alive });
    const gone = await addRow(db, { vm_status: 'remove' });
    await requestState(db, gone, 'terminate');
    expect(await readRow(db, gone.id)).toMatchObject({ vm_status: 'remove' });
  });
});
