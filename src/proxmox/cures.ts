import type { ProxmoxReason } from './errors.ts';

const cures: Partial<Record<ProxmoxReason, string>> = {
  contended: 'Another operation works on it; try again when that has ended.',
  running: 'Stop the VM first.',
  'not-stopped': 'The guest did not shut down; look at its console, or stop it by hand.',
  protected: 'Clear the protection in Proxmox (VM: Options, Protection; backup: its Protected mark) if it should go.',
  'ha-managed': 'Remove the VM from the HA resources, or delete it with purge.',
  replicated: 'Remove the replication job of the VM first.',
  'linked-clones': 'Other VMs still use this disk as their base; delete those first.',
  exists: 'The VMID is taken; look at which VM has it.',
  auth: 'Check the credentials of this cluster, their expiry date, and that the user is enabled.',
  forbidden:
    'Grant the named privilege on the named path to the user and, with privilege separation, to the token too.',
  certificate: 'Set tls.ca or tls.fingerprint of this cluster to what its server really shows.',
  unsupported: 'This Proxmox VE version does not know the call; 7.4 and later are supported.',
  'node-unreachable': 'Bring the node back, or see why its cluster cannot reach it.',
  'no-such-node': 'Check the name of the node; it is not a member of the cluster.',
  'no-quorum': 'Bring enough nodes back for a quorum; until then the cluster is read-only.',
  'cluster-unreachable': 'Check the network, the firewall and pveproxy on the entry points of this cluster.',
  storage: 'Check that the storage exists, is enabled and is active on this node.',
  busy: 'The node could not start another worker; look at its load and memory.',
  ambiguous: 'The answer was lost: look at the tasks of the node and at the VM before repeating anything.',
};

const lockCures: Readonly<Record<string, string>> = {
  backup: 'A backup is running; wait for it.',
  clone: 'A clone is running; wait for it. If its worker was killed: qm unlock on the node.',
  migrate: 'A migration is running; wait for it.',
  snapshot: 'A snapshot is being taken; wait for it.',
  destroyed: 'An earlier destroy was interrupted; root finishes it on the node: qm destroy <vmid> --skiplock.',
};

/** What a human should do about it, where there is something to say. `lock`: name of the configuration lock. */
export function cureFor(reason: ProxmoxReason, lock?: string): string | undefined {
  if (reason !== 'locked') return cures[reason];
  return lockCures[lock ?? ''] ?? 'Wait for the operation that holds the lock; if none runs: qm unlock on the node.';
}
