import { VmctlError } from '../base/errors.ts';

/** The id of a task. Its node is the only one that knows the task. */
export interface Upid {
  readonly node: string;
  /** Seconds since the epoch, on the node's clock. */
  readonly starttime: number;
  /** Such as `qmdestroy`. */
  readonly type: string;
  /** Mostly a VMID; of a clone that of its source; of `imgdel` `vmid@storage`. */
  readonly id: string;
  /** May be `user@realm!tokenid`. */
  readonly user: string;
}

/** The server's own pattern; `pstart` grows a ninth digit after 497 days of uptime. */
const pattern =
  /^UPID:([a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?):[0-9A-Fa-f]{8}:[0-9A-Fa-f]{8,9}:([0-9A-Fa-f]{8}):([^:\s/]+):([^:\s/]*):([^:\s/]+):$/;

export function isUpid(text: string): boolean {
  return pattern.test(text);
}

/** @throws VmctlError where `text` is no UPID. */
export function parseUpid(text: string): Upid {
  const [, node, starttime, type, id, user] = pattern.exec(text) ?? [];
  if (node === undefined || starttime === undefined || type === undefined || id === undefined || user === undefined) {
    throw new VmctlError(`not the id of a Proxmox task (UPID): ${text.slice(0, 100)}`);
  }
  return { node, starttime: Number.parseInt(starttime, 16), type, id, user };
}
