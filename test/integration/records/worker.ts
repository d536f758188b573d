import { checkpoint } from '../../../src/records/checkpoint.ts';
import { claimDue } from '../../../src/records/claims.ts';
import { openDatabase } from '../../../src/records/database.ts';
import { migrate } from '../../../src/records/migrate.ts';
import { enterTick, takeOver } from '../../../src/records/ticks.ts';

// What another process does with the same database: `node worker.ts <job> <database url> [token]`, result as JSON on stdout.
const [job = '', url = '', token = ''] = process.argv.slice(2);
const db = await openDatabase({ url, vmTable: 'puqProxmoxKVM_vm_info', timeZone: 'UTC' });

/** Claims what is due and carries each row to `remove`, as a tick does. */
async function work(): Promise<number[]> {
  await enterTick(db, token, 60_000);
  await takeOver(db);
  const done: number[] = [];
  for (;;) {
    const rows = await claimDue(db, token, ['terminate'], 10);
    if (rows.length === 0) return done;
    for (const row of rows) {
      const result = await checkpoint(db, row, token, { to: 'remove', release: true }, async (trx) => {
        await trx('mod_vmctl_ip_allocations').insert({ address: `row ${row.id}`, state: 'quarantined' });
      });
      if (result === 'done') done.push(row.id);
    }
  }
}

try {
  process.stdout.write(JSON.stringify(job === 'migrate' ? await migrate(db) : await work()));
} finally {
  await db.close();
}
