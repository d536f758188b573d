import { permissionError } from './errors.ts';
import type { AclEntry, World } from './world.ts';

/** What vmctl's token needs for everything it does; the default of `addToken`. */
export const lifecyclePrivileges = [
  'Datastore.Allocate',
  'Datastore.AllocateSpace',
  'Datastore.Audit',
  'Pool.Allocate',
  'Pool.Audit',
  'SDN.Use',
  'Sys.Audit',
  'VM.Allocate',
  'VM.Audit',
  'VM.Backup',
  'VM.Clone',
  'VM.Config.CDROM',
  'VM.Config.CPU',
  'VM.Config.Cloudinit',
  'VM.Config.Disk',
  'VM.Config.HWType',
  'VM.Config.Memory',
  'VM.Config.Network',
  'VM.Config.Options',
  'VM.Migrate',
  'VM.PowerMgmt',
  'VM.Snapshot',
];

/** Who asks: a user, or a token `user@realm!name`. */
export interface Auth {
  id: string;
  userid: string;
  token: boolean;
}

export function authOf(id: string): Auth {
  return { id, userid: id.split('!')[0] ?? id, token: id.includes('!') };
}

function ancestors(path: string): string[] {
  const parts = path.split('/').filter((part) => part !== '');
  return ['/', ...parts.map((_, index) => `/${parts.slice(0, index + 1).join('/')}`)];
}

/** The deepest path with an entry for the subject decides. */
function subjectPrivileges(acl: AclEntry[], subject: string, path: string): Set<string> {
  let found = new Set<string>();
  for (const step of ancestors(path)) {
    const here = acl.filter((entry) => entry.subject === subject && entry.path === step);
    const valid = here.filter((entry) => entry.propagate || step === path);
    if (here.length > 0) found = new Set(valid.flatMap((entry) => entry.privileges));
  }
  return found;
}

function withPool(world: World, subject: string, path: string): Set<string> {
  const own = subjectPrivileges(world.acl, subject, path);
  const vmid = /^\/vms\/(\d+)$/.exec(path)?.[1];
  const pool = vmid === undefined ? null : (world.vms[vmid]?.pool ?? null);
  return pool === null ? own : new Set([...own, ...subjectPrivileges(world.acl, subject, `/pool/${pool}`)]);
}

/** null: everything, as for root. */
export function privilegesOn(world: World, auth: Auth, path: string): Set<string> | null {
  const separate = world.tokens[auth.id]?.privsep === true;
  const user = auth.userid === 'root@pam' ? null : withPool(world, auth.userid, path);
  if (!separate) return user;
  const token = withPool(world, auth.id, path);
  return user === null ? token : new Set([...user].filter((privilege) => token.has(privilege)));
}

export function may(world: World, auth: Auth, path: string, ...anyOf: string[]): boolean {
  const have = privilegesOn(world, auth, path);
  return have === null || anyOf.some((privilege) => have.has(privilege));
}

/** Throws the 403 unless one of the privileges is there. */
export function demand(world: World, auth: Auth, path: string, ...anyOf: string[]): void {
  if (!may(world, auth, path, ...anyOf)) throw permissionError(path, anyOf.join('|'));
}
