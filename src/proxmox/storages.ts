import { flag, items, number, required, text, unexpected } from './readers.ts';
import { type ApiCall, apiPath, type Transport } from './transport.ts';
import { parseConfig, type VmConfig } from './vm-config.ts';
import { upidOf } from './vms.ts';

export interface Storage {
  readonly storage: string;
  readonly type: string;
  readonly active: boolean;
  readonly shared: boolean;
  readonly content: readonly string[];
}

export interface Volume {
  readonly volid: string;
  readonly vmid?: number | undefined;
  /** Such as `images`, `backup`. */
  readonly content: string;
  /** Bytes. */
  readonly size?: number | undefined;
  /** Seconds since the epoch. */
  readonly ctime?: number | undefined;
  readonly protected: boolean;
}

export interface StorageCalls {
  /** The enabled storages of a node that can hold `content`. */
  storages(node: string, content: string): Promise<Storage[]>;
  /**
   * Always with `vmid`, since a whole storage takes 24 to 47 ms an image. What the token may not see is silently missing.
   */
  volumes(
    node: string,
    storage: string,
    filter: { readonly vmid: number; readonly content?: string },
  ): Promise<Volume[]>;
  /** The configuration inside a backup. */
  extractConfig(node: string, volid: string): Promise<VmConfig>;
  /** Gives the UPID, or null where it was done at once. A missing one is no error; a protected one fails in the task. */
  deleteVolume(node: string, storage: string, volid: string): Promise<string | null>;
}

export function storageCalls(transport: Transport): StorageCalls {
  async function get(node: string, path: string, params: ApiCall['params']): Promise<{ call: ApiCall; data: unknown }> {
    const call: ApiCall = { method: 'GET', path, params, node, effect: 'none' };
    return { call, data: (await transport.call(call)).data };
  }

  return {
    storages: async (node, content) => {
      const { call, data } = await get(node, apiPath`/nodes/${node}/storage`, { content, enabled: true });
      return items(call, data).map((entry) => ({
        storage: required(call, text(entry, 'storage'), 'the name of a storage'),
        type: text(entry, 'type') ?? '',
        active: flag(entry, 'active'),
        shared: flag(entry, 'shared'),
        content: (text(entry, 'content') ?? '').split(',').filter((kind) => kind !== ''),
      }));
    },
    volumes: async (node, storage, { vmid, content }) => {
      const { call, data } = await get(node, apiPath`/nodes/${node}/storage/${storage}/content`, { vmid, content });
      return items(call, data).map((entry) => ({
        volid: required(call, text(entry, 'volid'), 'a volume id'),
        vmid: number(entry, 'vmid'),
        content: text(entry, 'content') ?? '',
        size: number(entry, 'size'),
        ctime: number(entry, 'ctime'),
        protected: flag(entry, 'protected'),
      }));
    },
    extractConfig: async (node, volid) => {
      const { call, data } = await get(node, apiPath`/nodes/${node}/vzdump/extractconfig`, { volume: volid });
      if (typeof data !== 'string') throw unexpected(call, 'the text of a configuration', data);
      return parseConfig(data);
    },
    deleteVolume: async (node, storage, volid) => {
      const path = apiPath`/nodes/${node}/storage/${storage}/content/${volid}`;
      const call: ApiCall = { method: 'DELETE', path, node, effect: 'changes' };
      const { data } = await transport.call(call);
      return data === null ? null : upidOf(call, data);
    },
  };
}
