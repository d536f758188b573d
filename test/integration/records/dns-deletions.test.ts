import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { type Database, openDatabase } from '../../../src/records/database.ts';
import { dueDeletions, rememberDeletions } from '../../../src/records/dns-deletions.ts';
import { migrate } from '../../../src/records/migrate.ts';
import { transact } from '../../../src/records/transaction.ts';
import { createDatabase, type TestDatabase } from '../../support/mariadb.ts';

const row = { id: 7, service_id: 5546 };
const forward = { provider: 'powerdns', zone: 'example.com', name: 'vm1.example.com', type: 'A' };

describe.each(['mysql', 'sqlite'] as const)('remembered deletions on %s', (dialect) => {
  let made: TestDatabase | undefined;
  let db: Database;
  beforeAll(async () => {
    made = dialect === 'mysql' ? await createDatabase() : undefined;
    const url = made?.url ?? 'sqlite::memory:';
    db = await openDatabase({ url, vmTable: 'puqProxmoxKVM_vm_info', timeZone: 'UTC', clock: systemClock });
    await migrate(db);
  });
  afterAll(async () => {
    await db.close();
    await made?.drop();
  });
  beforeEach(() => db.knex('mod_vmctl_dns_deletions').delete());

  const remember = (...failed: Parameters<typeof rememberDeletions>[3]) =>
    transact(db, (trx) => rememberDeletions(trx, db, row, failed));
  const stored = async () => (await dueDeletions(db, 100)).map(({ name, type, content }) => ({ name, type, content }));

  test('of two servers that hold one zone and both failed, the contents of both are remembered', async () => {
    await remember(
      { ...forward, content: ['192.0.2.10', '192.0.2.11'], error: 'no answer from a' },
      { ...forward, type: 'AAAA', content: ['2001:db8::1'], error: 'no answer from a' },
      { ...forward, content: ['192.0.2.11', '192.0.2.12'], error: 'no answer from b' },
    );
    const all = await stored();
    expect(all).toHaveLength(2);
    const content = ['192.0.2.10', '192.0.2.11', '192.0.2.12'];
    expect(all).toContainEqual({ name: forward.name, type: 'A', content });
    expect(all).toContainEqual({ name: forward.name, type: 'AAAA', content: ['2001:db8::1'] });
  });

  test('remembering the same twice, as a transaction that is run again does, changes nothing', async () => {
    const failed = { ...forward, content: ['192.0.2.10'], error: 'down' };
    await remember(failed, failed);
    await remember(failed, failed);
    expect(await stored()).toEqual([{ name: forward.name, type: 'A', content: ['192.0.2.10'] }]);
  });

  test('what an earlier attempt has left stays remembered', async () => {
    await remember({ ...forward, content: ['192.0.2.10'], error: 'down' });
    await remember({ ...forward, content: ['192.0.2.20'], error: 'down' });
    expect(await stored()).toEqual([{ name: forward.name, type: 'A', content: ['192.0.2.10', '192.0.2.20'] }]);
  });

  test('what is remembered is not there if its transaction fails', async () => {
    await remember({ ...forward, content: ['192.0.2.10'], error: 'down' });
    const failing = transact(db, async (trx) => {
      await rememberDeletions(trx, db, row, [{ ...forward, content: ['192.0.2.20'], error: 'down' }]);
      throw new Error('another tick has the row');
    });
    await expect(failing).rejects.toThrow('another tick');
    expect(await stored()).toEqual([{ name: forward.name, type: 'A', content: ['192.0.2.10'] }]);
  });

  test('rows do not share what they remember', async () => {
    await remember({ ...forward, content: ['192.0.2.10'], error: 'down' });
    const other = { id: 8, service_id: null };
    const failed = { ...forward, content: ['192.0.2.20'], error: 'down' };
    await transact(db, (trx) => rememberDeletions(trx, db, other, [failed]));
    const due = await dueDeletions(db, 100);
    expect(due.map(({ row_id, content }) => [row_id, content])).toEqual([
      [7, ['192.0.2.10']],
      [8, ['192.0.2.20']],
    ]);
  });
});
