import type { Clock } from '../../base/clock.ts';
import { openDatabase } from '../../records/database.ts';
import { migrate } from '../../records/migrate.ts';
import { demoVms, domain } from './vms.ts';

/** Makes the tables and the rows that a panel and earlier deploys would have left. */
export async function fillDatabase(url: string, clock: Clock): Promise<void> {
  const db = await openDatabase({ url, vmTable: 'puqProxmoxKVM_vm_info', timeZone: 'UTC', clock });
  try {
    await migrate(db);
    for (const [index, { service, vmid, name, uuid, node, status, v4, v6 }] of demoVms.entries()) {
      const id = index + 1;
      await db.knex(db.vmTable).insert({
        id,
        service_id: service,
        vm_status: status,
        cluster: 'main',
        node,
        vm_id: vmid,
        vm_name: name,
        vm_uuid: uuid,
        domain: `${name}.${domain}`,
      });
      for (const address of [v4, ...(v6 ? [v6.address] : [])]) {
        await db
          .knex('mod_vmctl_ip_allocations')
          .insert({ address, row_id: id, state: 'allocated', allocated_at: db.clock.sql() });
      }
    }
  } finally {
    await db.close();
  }
}
