import type { Release, Storage, World } from './world.ts';

export interface WorldOptions {
  release?: Release;
  clusterName?: string;
  /** Names; the first one is the default entry node. */
  nodes: string[];
  storages?: StorageSpec[];
  seed?: number;
  now: number;
}

export type StorageSpec = Pick<Storage, 'id'> & Partial<Storage>;

const defaultStorages: StorageSpec[] = [
  { id: 'local', content: ['backup', 'iso', 'vztmpl'] },
  { id: 'local-lvm', type: 'lvmthin', content: ['images', 'rootdir'] },
];

export function createStorage(spec: StorageSpec): Storage {
  return {
    type: 'dir',
    shared: spec.type === 'nfs',
    nodes: null,
    content: ['images', 'backup'],
    enabled: true,
    active: true,
    busyUntil: 0,
    ...spec,
  };
}

/** A cluster without VMs and without users other than root. Several nodes make a cluster named `sim` unless told otherwise. */
export function createWorld(options: WorldOptions): World {
  const clusterName = options.clusterName ?? (options.nodes.length > 1 ? 'sim' : undefined);
  const nodes = options.nodes.map((name, index) => ({
    name,
    ip: `192.0.2.${index + 1}`,
    online: true,
    downSince: null,
  }));
  const storages = (options.storages ?? defaultStorages).map(createStorage);
  return {
    release: options.release ?? '9.2',
    ...(clusterName === undefined ? {} : { clusterName }),
    quorate: true,
    bootedAt: options.now - 3_600_000,
    nodes: Object.fromEntries(nodes.map((node) => [node.name, node])),
    storages: Object.fromEntries(storages.map((storage) => [storage.id, storage])),
    volumes: {},
    vms: {},
    tasks: [],
    users: { 'root@pam': { userid: 'root@pam', password: null, enabled: true } },
    tokens: {},
    acl: [],
    pools: [],
    firewalls: {},
    flocks: {},
    random: options.seed ?? 1,
    pid: 1_000,
  };
}

export function dumpWorld(world: World): string {
  return JSON.stringify(world, null, 2);
}

/** Reads what `dumpWorld` wrote. Throws where the text is no world. */
export function loadWorld(text: string): World {
  const parsed: unknown = JSON.parse(text);
  if (!isWorld(parsed)) throw new Error('not a dump of a simulated cluster: it lacks release, nodes, vms or tasks');
  return parsed;
}

function isWorld(value: unknown): value is World {
  if (typeof value !== 'object' || value === null) return false;
  return ['release', 'nodes', 'storages', 'volumes', 'vms', 'tasks', 'users', 'tokens', 'acl', 'flocks'].every(
    (key) => key in value,
  );
}
