import { LoginFailed } from '../authenticate.ts';
import { authOf, lifecyclePrivileges, privilegesOn } from '../privileges.ts';
import type { Call, Route } from '../route.ts';
import { required, text } from '../schema.ts';
import { makeCsrfToken, makeTicket, readTicket } from '../tickets.ts';

/** Login, or renewal with a valid ticket in place of the password. */
function login(call: Call) {
  const { sim, params } = call;
  const userid = params.realm === undefined ? (params.username ?? '') : `${params.username}@${params.realm}`;
  const user = sim.world.users[userid];
  const now = sim.clock.now();
  const password = params.password ?? '';
  const known = user?.enabled === true && (user.password === password || readTicket(password, now) === userid);
  if (!known || user.password === null) throw new LoginFailed();
  const cap = Object.fromEntries(capabilities.map((group) => [group.name, capabilitiesOf(call, userid, group)]));
  const { clusterName } = sim.world;
  return {
    data: {
      username: userid,
      ticket: makeTicket(userid, now),
      CSRFPreventionToken: makeCsrfToken(userid, now),
      cap,
      ...(clusterName === undefined ? {} : { clustername: clusterName }),
    },
  };
}

/** What the web interface asks for: the privileges of one kind on one path. */
const capabilities = [
  { name: 'access', path: '/access', kind: /^(?:User|Group|Realm|Permissions)\./ },
  { name: 'dc', path: '/', kind: /^(?:Sys|SDN)\./ },
  { name: 'mapping', path: '/mapping', kind: /^Mapping\./ },
  { name: 'nodes', path: '/nodes', kind: /^Sys\./ },
  { name: 'sdn', path: '/sdn', kind: /^SDN\./ },
  { name: 'storage', path: '/storage', kind: /^Datastore\./ },
  { name: 'vms', path: '/vms', kind: /^VM\./ },
];

function capabilitiesOf(call: Call, userid: string, { path, kind }: (typeof capabilities)[number]) {
  const names = namesOf(call, userid, path).filter((name) => kind.test(name));
  return Object.fromEntries(names.map((name) => [name, 1]));
}

function namesOf(call: Call, id: string, path: string): string[] {
  return [...(privilegesOn(call.sim.world, authOf(id), path) ?? lifecyclePrivileges)];
}

function permissions(call: Call) {
  const { world } = call.sim;
  const asked = call.params.path;
  const roots = ['/', '/access', '/access/groups', '/nodes', '/pool', '/sdn', '/storage', '/vms'];
  const paths = asked === undefined ? [...new Set([...roots, ...world.acl.map(({ path }) => path)])] : [asked];
  const entries = paths.map((path) => {
    const names = namesOf(call, call.auth.id, path);
    return [path, Object.fromEntries(names.map((name) => [name, 1]))] as const;
  });
  return { data: Object.fromEntries(entries.filter(([, names]) => Object.keys(names).length > 0)) };
}

export const accessRoutes: Route[] = [
  {
    method: 'POST',
    path: '/access/ticket',
    anonymous: true,
    params: {
      rules: {
        username: required(text),
        password: required(text),
        realm: text,
        otp: text,
        path: text,
        privs: text,
        'new-format': { kind: 'boolean' },
        'tfa-challenge': text,
      },
    },
    run: login,
  },
  { method: 'GET', path: '/access/permissions', params: { rules: { path: text, userid: text } }, run: permissions },
];
