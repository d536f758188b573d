import { type Connection, createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../../../src/records/database.ts';
import { transact } from '../../../src/records/transaction.ts';
import {
  clearService,
  findService,
  serviceIsShared,
  servicesOf,
  writtenAddresses,
} from '../../../src/records/whmcs.ts';
import { addService, createWhmcsTables, type WhmcsVariant } from '../../support/whmcs.ts';
import { addRow, createRecords, type Ground } from './fixtures.ts';

describe.each<WhmcsVariant>(['innodb', 'myisam'])('the services of WHMCS, variant %s', (variant) => {
  let records: Ground & { db: Database };
  let db: Database;
  let whmcs: Connection;
  beforeAll(async () => {
    records = await createRecords('mysql');
    db = records.db;
    whmcs = await createConnection({ uri: records.url, dateStrings: true });
    await createWhmcsTables(whmcs, { variant });
  });
  afterAll(async () => {
    await whmcs.end();
    await records.remove();
  });
  async function stored(id: number): Promise<Record<string, unknown>> {
    const [rows] = await whmcs.query('SELECT * FROM tblhosting WHERE id = ?', [id]);
    return Object(Array.isArray(rows) ? rows[0] : undefined);
  }

  it('a service with zero dates is read, and clearing it changes three fields and nothing else', async () => {
    const texts = { dedicatedip: '192.0.2.10', assignedips: '192.0.2.11\n2001:db8::10', domain: 'a.example.com' };
    const id = await addService(whmcs, { userid: 7, server: 3, ...texts });
    const before = await stored(id);
    expect(before).toMatchObject({ nextduedate: '0000-00-00', updated_at: '0000-00-00 00:00:00' });
    const service = await findService(db, id);
    expect(service).toMatchObject({ id, userid: 7, server: 3, domainstatus: 'Active' });
    expect(service && writtenAddresses(service)).toEqual(['192.0.2.10', '192.0.2.11', '2001:db8::10']);
    await transact(db, (trx) => clearService(trx, id));
    expect(await stored(id)).toEqual({ ...before, dedicatedip: '', assignedips: '', domain: '' });
  });

  it('zero dates come back as they are stored, not as another day', async () => {
    const id = await addService(whmcs);
    const row = await db.knex('tblhosting').where({ id }).first('nextduedate', 'termination_date', 'lastupdate');
    expect(row).toEqual({
      nextduedate: '0000-00-00',
      termination_date: '0000-00-00',
      lastupdate: '0000-00-00 00:00:00',
    });
  });

  it('what a client may have typed between addresses separates them', () => {
    const typed = { dedicatedip: ' 192.0.2.1 ', assignedips: '192.0.2.2,192.0.2.3\r\n\r\n 2001:db8::1 ' };
    const service = { id: 1, userid: 1, server: 0, domainstatus: 'Active', ...typed };
    expect(writtenAddresses(service)).toEqual(['192.0.2.1', '192.0.2.2', '192.0.2.3', '2001:db8::1']);
  });

  it('a row without a service, or with one that WHMCS has not, has none', async () => {
    expect(await findService(db, null)).toBeUndefined();
    expect(await findService(db, 999_999)).toBeUndefined();
    expect(await servicesOf(db, [null])).toEqual(new Map());
  });

  it('a service is shared while another row that is not removed belongs to it', async () => {
    const row = await addRow(db, { service_id: 50 });
    const other = await addRow(db, { service_id: 50, vm_status: 'remove' });
    await addRow(db, { service_id: 51 });
    expect(await serviceIsShared(db, row)).toBe(false);
    await db.knex(db.vmTable).where({ id: other.id }).update({ vm_status: 'error_terminate' });
    expect(await serviceIsShared(db, row)).toBe(true);
  });

  it('rows without a service share none', async () => {
    const row = await addRow(db);
    await addRow(db);
    expect(await serviceIsShared(db, row)).toBe(false);
  });
});
