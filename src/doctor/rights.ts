import { type Permissions, readPermissions } from '../proxmox/permissions.ts';
import type { ProxmoxAuth } from '../settings/types.ts';
import type { Check } from './context.ts';
import { eachCluster } from './each-cluster.ts';
import { failure, type Observation, ok, warning } from './finding.ts';

interface Right {
  readonly privilege: string;
  /** Where it has to hold, with everything below. */
  readonly path: '/' | '/vms' | '/storage' | '/nodes';
  /** Pools give it for their members, single VMs and storages for themselves. */
  readonly narrower?: RegExp;
  /** `note`: it works without, and this is what to know then. */
  readonly without: 'failure' | 'warning' | 'note';
  readonly meaning: string;
}

const vms = { path: '/vms', narrower: /^\/(vms|pool)\/./, without: 'failure' } as const;
const storage = { path: '/storage', narrower: /^\/(storage|pool)\/./ } as const;

/** The privileges that the pipelines use, and what does not work without them. */
const rights: readonly Right[] = [
  { ...vms, privilege: 'VM.Audit', meaning: 'VMs are not seen, and their identity cannot be checked' },
  { ...vms, privilege: 'VM.PowerMgmt', meaning: 'VMs cannot be stopped' },
  { ...vms, privilege: 'VM.Allocate', meaning: 'VMs cannot be destroyed' },
  { ...vms, privilege: 'VM.Backup', meaning: 'backups of a terminated VM stay' },
  { ...storage, privilege: 'Datastore.Audit', without: 'failure', meaning: 'storages and backups are not seen' },
  { ...storage, privilege: 'Datastore.AllocateSpace', without: 'failure', meaning: 'backups cannot be removed' },
  {
    ...storage,
    privilege: 'Datastore.Allocate',
    without: 'warning',
    meaning: 'volumes that a busy storage leaves behind stay; vmctl names them',
  },
  {
    privilege: 'Sys.Audit',
    path: '/',
    without: 'warning',
    meaning: 'the quorum is guessed from the nodes that are online',
  },
  {
    privilege: 'Sys.Modify',
    path: '/nodes',
    without: 'note',
    meaning: 'only the token that asked for a shutdown can overrule it, so the panel must use this one too',
  },
];

function examine(cluster: string, auth: ProxmoxAuth, permissions: Permissions, right: Right): Observation {
  const { privilege, path, narrower, without, meaning } = right;
  const subject = `${cluster} ${privilege} on ${path}`;
  if (permissions.get(path)?.get(privilege) === true) return ok(subject, 'granted');
  const cure = grantOf(auth, privilege, path);
  const places = [...permissions].filter(([place, found]) => narrower?.test(place) && found.has(privilege));
  if (places.length > 0) {
    const found = `granted only on ${places.map(([place]) => place).join(', ')}: elsewhere ${meaning}`;
    return warning(subject, found, `${cure}; leave it if vmctl shall work nowhere else`);
  }
  if (without === 'note') return ok(subject, `not granted: ${meaning}`);
  return (without === 'failure' ? failure : warning)(subject, `missing: ${meaning}`, cure);
}

/** With privilege separation a token has what both it and its user have. */
function grantOf(auth: ProxmoxAuth, privilege: string, path: string): string {
  const role = `a role with ${privilege} on ${path}`;
  if (auth.kind === 'ticket')
    return `grant ${role}: pveum acl modify ${path} --roles <role> --users '${auth.username}'`;
  const id = auth.token.split('=')[0] ?? '';
  const user = id.split('!')[0] ?? '';
  return (
    `grant ${role} to the user and, with privilege separation, to its token as well: ` +
    `pveum acl modify ${path} --roles <role> --users '${user}' and again with --tokens '${id}'`
  );
}

export const clusterRights: Check = {
  name: 'rights',
  looksAt: `what the token or user may do on each cluster: ${rights.map(({ privilege }) => privilege).join(', ')}`,
  run: (context) =>
    eachCluster(context, async (cluster, { name, auth }) => {
      const permissions = await readPermissions(cluster.transport);
      return rights.map((right) => examine(name, auth, permissions, right));
    }),
};
