import type { Cluster } from './cluster.ts';
import { ProxmoxError } from './errors.ts';
import type { StorageResource } from './nodes.ts';
import { uuidOf } from './vm-config.ts';

export interface BackupVolume {
  readonly volid: string;
  readonly node: string;
  readonly storage: string;
  readonly protected: boolean;
}

/** A storage that could not be looked at. */
export interface BackupError {
  readonly node: string;
  readonly storage: string;
  readonly error: ProxmoxError;
}

/**
 * The backups filed under a VMID, on every storage of every node that can hold some; a shared storage is asked on one
 * node. Backups that the token may not see are silently missing.
 * @throws ProxmoxError where the storages of the cluster cannot be listed
 */
export async function findBackups(
  cluster: Cluster,
  vmid: number,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<{ readonly backups: BackupVolume[]; readonly errors: BackupError[] }> {
  const asked = signal === undefined ? cluster : cluster.withSignal(signal);
  const places = new Map<string, StorageResource>();
  for (const resource of await asked.storageResources()) {
    const { storage, node, content, available, shared } = resource;
    if (!content.includes('backup')) continue;
    const place = shared ? storage : `${node}/${storage}`;
    if (available || !places.has(place)) places.set(place, resource);
  }
  const errors: BackupError[] = [];
  const found = await Promise.all(
    [...places.values()].map(async ({ node, storage, available }) => {
      try {
        if (!available) throw notAvailable(node, storage);
        const volumes = await asked.volumes(node, storage, { vmid, content: 'backup' });
        return volumes.map((volume) => ({ volid: volume.volid, node, storage, protected: volume.protected }));
      } catch (error) {
        if (!(error instanceof ProxmoxError)) throw error;
        errors.push({ node, storage, error });
        return [];
      }
    }),
  );
  return { backups: found.flat(), errors };
}

function notAvailable(node: string, storage: string): ProxmoxError {
  return new ProxmoxError({
    kind: 'permanent',
    reason: 'storage',
    text: 'the storage is not available there, backups on it are not looked for',
    call: { method: 'GET', path: `/nodes/${node}/storage/${storage}/content` },
    node,
  });
}

/** The smbios uuid of the VM that a backup was made of, lower case; undefined where its configuration has none. */
export async function uuidOfBackup(
  cluster: Pick<Cluster, 'extractConfig'>,
  node: string,
  volid: string,
): Promise<string | undefined> {
  return uuidOf(await cluster.extractConfig(node, volid));
}
