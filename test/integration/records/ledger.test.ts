import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Database } from '../../../src/records/database.ts';
import { addressesOfOthers, addressesOfRows, allocatedAddresses, quarantine } from '../../../src/records/ledger.ts';
import { transact } from '../../../src/records/transaction.ts';
import { createRecords, dialects, type Ground, turnedClock } from './fixtures.ts';

const row = { id: 1, cluster: 'main', vm_id: 2003, vm_uuid: 'uuid-1' };
const time = expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}$/);

describe.each(dialects)('the ledgers on %s', (dialect) => {
  const clock = turnedClock();
  let records: Ground & { db: Database };
  let db: Database;
  beforeAll(async () => {
    records = await createRecords(dialect, { clock });
    db = records.db;
  });
  beforeEach(async () => {
    await db.knex('mod_vmctl_ip_allocations').delete();
    await db.knex('mod_vmctl_vmid_allocations').delete();
    await db.knex('mod_vmctl_ip_allocations').insert([
      { address: '192.0.2.10', row_id: 1, state: 'allocated' },
      { address: '2001:db8::10', row_id: 1, state: 'allocated' },
      { address: '192.0.2.20', row_id: 2, state: 'allocated' },
    ]);
    await db.knex('mod_vmctl_vmid_allocations').insert([
      { cluster: 'main', vmid: 2003, row_id: 1, state: 'allocated' },
      { cluster: 'other', vmid: 2003, row_id: 2, state: 'allocated' },
    ]);
  });
  afterAll(() => records.remove());

  const put = (extra: readonly string[], proven: boolean, held: typeof row | { vm_id: null } = row) =>
    transact(db, (trx) => quarantine(trx, db, { ...row, ...held }, extra, proven));
  const address = (text: string) => db.knex('mod_vmctl_ip_allocations').where({ address: text }).first();
  const vmid = (cluster: string, id: number) =>
    db.knex('mod_vmctl_vmid_allocations').where({ cluster, vmid: id }).first();

  it('with proof that the VM is gone, the quarantine’s time starts', async () => {
    await put([], true);
    const held = { vm_cluster: 'main', vm_id: 2003, vm_uuid: 'uuid-1', row_id: 1 };
    expect(await address('192.0.2.10')).toMatchObject({ state: 'quarantined', released_at: time, ...held });
    expect(await address('2001:db8::10')).toMatchObject({ state: 'quarantined', released_at: time, ...held });
    expect(await vmid('main', 2003)).toMatchObject({ state: 'quarantined', released_at: time, vm_uuid: 'uuid-1' });
  });

  it('without proof it does not start, and what must be proven is remembered', async () => {
    await put([], false);
    expect(await address('192.0.2.10')).toMatchObject({ state: 'quarantined', released_at: null, vm_uuid: 'uuid-1' });
    expect(await vmid('main', 2003)).toMatchObject({ state: 'quarantined', released_at: null });
  });

  it('addresses and VMIDs of other rows are untouched, also where WHMCS names them', async () => {
    await put(['192.0.2.20'], true);
    expect(await address('192.0.2.20')).toMatchObject({ row_id: 2, state: 'allocated', released_at: null });
    expect(await vmid('other', 2003)).toMatchObject({ row_id: 2, state: 'allocated' });
  });

  it('addresses and a VMID that only WHMCS and the row knew are quarantined, also where the ledger called them free', async () => {
    await db.knex('mod_vmctl_ip_allocations').insert({ address: '192.0.2.30', state: 'free', row_id: 9 });
    await db.knex('mod_vmctl_vmid_allocations').where({ row_id: 1 }).update({ state: 'free', row_id: null });
    await put(['192.0.2.30', '192.0.2.31'], true);
    for (const each of ['192.0.2.30', '192.0.2.31'])
      expect(await address(each)).toMatchObject({ state: 'quarantined', row_id: 1, vm_id: 2003, released_at: time });
    expect(await vmid('main', 2003)).toMatchObject({ state: 'quarantined', row_id: 1, released_at: time });
    await db.knex('mod_vmctl_vmid_allocations').delete();
    await put([], true);
    expect(await vmid('main', 2003)).toMatchObject({ state: 'quarantined', row_id: 1 });
  });

  it('a VMID that is another row’s by now stays that row’s', async () => {
    await db.knex('mod_vmctl_vmid_allocations').where({ row_id: 1 }).update({ row_id: 2 });
    await put([], true);
    expect(await vmid('main', 2003)).toMatchObject({ state: 'allocated', row_id: 2 });
  });

  it('a row without a VM quarantines its addresses alone', async () => {
    await db.knex('mod_vmctl_vmid_allocations').where({ row_id: 1 }).delete();
    await put([], true, { vm_id: null });
    expect(await address('192.0.2.10')).toMatchObject({ state: 'quarantined', vm_id: null });
    expect(await db.knex('mod_vmctl_vmid_allocations')).toHaveLength(1);
  });

  it('quarantining again changes nothing: the time counts from the first proof', async () => {
    await put(['192.0.2.31'], true);
    const before = await db.knex('mod_vmctl_ip_allocations').orderBy('address');
    const vmids = await db.knex('mod_vmctl_vmid_allocations').orderBy('cluster');
    clock.turn(60_000);
    await put(['192.0.2.31'], true);
    expect(await db.knex('mod_vmctl_ip_allocations').orderBy('address')).toEqual(before);
    expect(await db.knex('mod_vmctl_vmid_allocations').orderBy('cluster')).toEqual(vmids);
  });

  it('knows whose an address is', async () => {
    await db.knex('mod_vmctl_ip_allocations').insert([
      { address: '192.0.2.40', row_id: 1, state: 'free' },
      { address: '192.0.2.41', row_id: null, state: 'allocated' },
    ]);
    expect(await allocatedAddresses(db, 1)).toEqual(['192.0.2.10', '2001:db8::10']);
    expect(await addressesOfRows(db, [1, 2, 3])).toEqual(
      new Map([
        [1, ['192.0.2.10', '2001:db8::10']],
        [2, ['192.0.2.20']],
      ]),
    );
    const all = ['192.0.2.10', '192.0.2.20', '192.0.2.40', '192.0.2.41', '192.0.2.99'];
    expect((await addressesOfOthers(db, 1, all)).sort()).toEqual(['192.0.2.20', '192.0.2.41']);
  });
});
