import type { Site } from '../../support/site.ts';

/** Everything that a command which is refused must leave as it was: the rows, the ledgers, Proxmox. */
export async function everything(site: Site): Promise<unknown> {
  const { knex, vmTable } = site.db;
  return {
    rows: await knex(vmTable).orderBy('id'),
    addresses: await knex('mod_vmctl_ip_allocations').orderBy('address'),
    vmids: await knex('mod_vmctl_vmid_allocations').orderBy('vmid'),
    runs: await knex('mod_vmctl_log_runs').orderBy('id'),
    activity: await site.activity(),
    changes: site.proxmox.log.filter(({ method }) => method !== 'GET').length,
  };
}
