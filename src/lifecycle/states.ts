/** Every vm_status there is, by what cron does with it (contract, section 3). */
export const states = {
  deploy: [
    'creation',
    'set_ip',
    'clone',
    'set_dns',
    'migrated',
    'set_cpu_ram',
    'set_system_disk_size',
    'set_system_disk_bandwidth',
    'set_created_additional_disk',
    'set_additional_disk_size',
    'set_additional_disk_bandwidth',
    'set_network',
    'set_firewall',
    'set_cloudinit',
    'starting',
  ],
  change_package: [
    'change_package',
    'cp_update_ip',
    'cp_stop',
    'cp_cpu_ram',
    'cp_system_disk_size',
    'cp_system_disk_bandwidth',
    'cp_additional_disk',
    'cp_additional_disk_size',
    'cp_additional_disk_bandwidth',
    'cp_network',
    'cp_firewall',
    'cp_start',
  ],
  set_dns_records: ['set_dns_records'],
  suspend: ['suspend'],
  unsuspend: ['unsuspend'],
  terminate: ['terminate'],
  resting: ['ready', 'suspended', 'remove'],
  errors: ['error_deploy', 'error_change_package', 'error_suspend', 'error_terminate', 'error_unhealthy'],
} as const;

export type Group = keyof typeof states;

/** All names, in the order of the table. */
export const allStates: readonly string[] = Object.values(states).flat();

export function groupOf(status: string): Group | undefined {
  return groups.find((group) => (states[group] as readonly string[]).includes(status));
}
const groups = Object.keys(states) as Group[];

export function isError(status: string): boolean {
  return groupOf(status) === 'errors';
}

/** States that `vmctl reset` accepts as a target (seed, "Reset VM Status modal"), with when to use each. */
export const resetTargets: Readonly<Record<string, string>> = {
  terminate: 'queue the termination again, after what made it fail has been mended',
  remove: 'mark the record as removed; only for a VM that you have deleted in Proxmox yourself. Touches nothing there',
  ready: 'the VM is mended by hand, cron shall leave it alone',
  creation: 'deploy again from the start',
  set_ip: 'deploy again from the clone on, with the addresses it has',
  change_package: 'run the whole package change again',
  set_dns_records: 'write all DNS records again',
};
