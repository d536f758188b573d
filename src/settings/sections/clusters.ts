import { type Checking, check, keysAt, reportWrong } from '../check.ts';
import * as kind from '../kinds.ts';
import { zodPackage } from '../lazy.ts';
import type { OptionValues } from '../table.ts';
import type { ClusterSettings, ProxmoxAuth } from '../types.ts';
import type { Path } from '../yaml-file.ts';
import { list, name, preset, tls, trust, value, vmid } from './fields.ts';

const token = kind.text('an API token user@realm!id=secret', /^[^\s@!=]+@[^\s@!=]+![^\s@!=]+=\S+$/);
const slots = kind.whole({ min: 1, max: 100 });

/** A cluster, below `clusters.<name>`. */
export function clusterSchema() {
  const z = zodPackage();
  return z.strictObject({
    endpoints: z
      .array(value(kind.url(), 'Entry points, `https://host:8006`; any of them will do'), 'a list')
      .min(1, 'at least one URL'),
    token: value(token, 'API token `user@realm!id=secret`; or `username` and `password`').optional(),
    username: value(kind.text('user@realm', /^[^\s@]+@[^\s@]+$/), '`user@realm`, with `password`').optional(),
    password: value(kind.text('a text'), 'Exchanged for a ticket').optional(),
    tls: tls(),
    whmcsServerIds: list(kind.whole({ min: 1 }), "Its ids in WHMCS's `tblservers`"),
    vmids: z
      .strictObject({
        start: value(vmid, 'First VMID of the managed range; VM_ID_START where absent').optional(),
        end: value(vmid, 'Its end, exclusive; VM_ID_END where absent').optional(),
      })
      .prefault({}),
    templates: list(vmid, 'VMIDs never touched; PROXMOX_TEMPLATE_ID and the templates of `packages` are among them'),
    limits: z
      .strictObject({
        requestsPerNode: preset(slots, 'Requests to one node at the same time', '4'),
        clonesPerNode: preset(slots, 'Clones on one node at the same time', '2'),
        destroysPerNode: preset(slots, 'Destroys on one node at the same time', '4'),
      })
      .prefault({}),
  });
}

interface Credentials {
  readonly token?: string | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
}

function authOf({ token, username, password }: Credentials): ProxmoxAuth | undefined {
  if (token !== undefined)
    return username === undefined && password === undefined ? { kind: 'token', token } : undefined;
  return username !== undefined && password !== undefined ? { kind: 'ticket', username, password } : undefined;
}

function readCluster(
  checking: Checking,
  clusterName: string,
  options: OptionValues,
  path: Path,
): ClusterSettings | undefined {
  const given = check(checking, clusterSchema(), path);
  if (!given) return undefined;
  const auth = authOf(given);
  if (!auth) reportWrong(checking, path, 'either token, or username and password');
  const vmids = { start: given.vmids.start ?? options.vmIdStart, end: given.vmids.end ?? options.vmIdEnd };
  if (vmids.start >= vmids.end) {
    const place = Object.keys(given.vmids).length > 0 ? [...path, 'vmids'] : path;
    reportWrong(checking, place, `a VMID range with its start below its end (it is ${vmids.start} to ${vmids.end})`);
  }
  return (
    auth && {
      name: clusterName,
      endpoints: [...new Set(given.endpoints)],
      auth,
      tls: trust(checking, path, given.tls),
      whmcsServerIds: given.whmcsServerIds,
      vmids,
      templates: given.templates,
      limits: given.limits,
    }
  );
}

function reportSharedServers(checking: Checking, clusters: readonly ClusterSettings[]): void {
  const owners = new Map<number, string>();
  for (const cluster of clusters) {
    for (const [index, id] of cluster.whmcsServerIds.entries()) {
      const owner = owners.get(id);
      const expected = `a server of no other cluster (${owner} has it)`;
      if (owner !== undefined) reportWrong(checking, ['clusters', cluster.name, 'whmcsServerIds', index], expected);
      owners.set(id, cluster.name);
    }
  }
}

/** The clusters that are right; what is wrong is reported. */
export function readClusters(checking: Checking, options: OptionValues): ClusterSettings[] {
  const names = keysAt(checking, ['clusters']);
  const clusters = names.flatMap((clusterName) => {
    const path = ['clusters', clusterName];
    if (name.parse(clusterName) === undefined) {
      const message = `found the name "${clusterName}", expected ${name.expected}`;
      checking.problems.push({ at: checking.file.atKey(path), path: 'clusters', message });
    }
    return readCluster(checking, clusterName, options, path) ?? [];
  });
  reportSharedServers(checking, clusters);
  return clusters;
}
