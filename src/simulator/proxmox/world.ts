import type { Params } from './schema.ts';

/** Everything the simulated cluster knows: plain data, so that it can be dumped, loaded and compared. Times are ms on the clock. */
export interface World {
  release: Release;
  /** Absent on a host that was never joined to a cluster. */
  clusterName?: string;
  quorate: boolean;
  bootedAt: number;
  nodes: Record<string, SimNode>;
  storages: Record<string, Storage>;
  /** By `volumeKey`. */
  volumes: Record<string, Volume>;
  /** By VMID. */
  vms: Record<string, Vm>;
  /** In the order they started. */
  tasks: Task[];
  users: Record<string, User>;
  tokens: Record<string, Token>;
  acl: AclEntry[];
  pools: string[];
  /** Firewall files by VMID. */
  firewalls: Record<string, string>;
  flocks: Record<string, Flock>;
  /** State of the random numbers. */
  random: number;
  pid: number;
}

export type Release = '7.4' | '8.4' | '9.2';

export interface SimNode {
  name: string;
  ip: string;
  online: boolean;
  downSince: number | null;
}

export interface Storage {
  id: string;
  type: 'dir' | 'lvmthin' | 'nfs';
  shared: boolean;
  /** null: every node. */
  nodes: string[] | null;
  content: string[];
  enabled: boolean;
  active: boolean;
  /** Its lock file is held by something else until then. */
  busyUntil: number;
}

export interface Volume {
  volid: string;
  storage: string;
  /** null on shared storage. */
  node: string | null;
  vmid: number;
  content: 'images' | 'backup';
  format: string;
  size: number;
  /** Seconds since the epoch. */
  ctime: number;
  protected: boolean;
  notes?: string;
  /** A backup's VM configuration, as `vzdump/extractconfig` prints it. */
  config?: string;
}

export type ConfigValue = string | number;
export type VmConfig = Record<string, ConfigValue>;

export interface Vm {
  vmid: number;
  node: string;
  config: VmConfig;
  /** Waiting for the next start; null deletes. */
  pending: Record<string, ConfigValue | null>;
  running: boolean;
  runningSince: number;
  /** What the status broadcast before `changedAt` said. */
  before: boolean;
  changedAt: number;
  createdAt: number;
  guest: Guest;
  /** The guest has got the power button and will be off then. */
  poweroffAt: number | null;
  ha: Ha | null;
  replicated: boolean;
  pool: string | null;
}

/** How the guest reacts. `shutdownMs` null: ignores ACPI. `agent`: whether one answers where the configuration has one. */
export interface Guest {
  shutdownMs: number | null;
  agent: boolean;
}

export interface Ha {
  state: 'started' | 'stopped' | 'request_stop' | 'request_start';
  /** When the manager acts on a request; null: nothing to do. */
  actAt: number | null;
  /** Seconds for the shutdown; 0: hard stop. */
  timeout: number;
}

export interface User {
  userid: string;
  password: string | null;
  enabled: boolean;
}

export interface Token {
  /** `user@realm!name` */
  id: string;
  secret: string;
  privsep: boolean;
  /** Seconds since the epoch; 0: never. */
  expire: number;
}

export interface AclEntry {
  path: string;
  /** A user or a token. */
  subject: string;
  privileges: string[];
  propagate: boolean;
}

/** `flock` on a file of one node. Holders are UPIDs. */
export interface Flock {
  shared: boolean;
  holders: string[];
  queue: { upid: string; shared: boolean; phase: string }[];
}

/** What a test wants to become of a task. */
export interface Fate {
  kind: 'fails' | 'warns' | 'killed';
  text: string;
}

export interface Task {
  upid: string;
  node: string;
  pid: number;
  pstart: number;
  /** Seconds since the epoch. */
  starttime: number;
  type: string;
  id: string;
  /** With the token's name, `user@realm!name`. */
  user: string;
  endedAt: number | null;
  exitstatus: string | null;
  log: string[];
  warnings: number;
  phase: string;
  due: number | null;
  locks: string[];
  args: TaskArgs;
  fate: Fate | null;
}

export interface TaskArgs {
  vmid: number;
  params: Params;
  /** imgdel */
  volume?: string;
  /** clone: the target's configuration file is this task's */
  created?: boolean;
  /** clone: disks still to be put into the target's configuration */
  disks?: Record<string, string>;
  /** shutdown */
  deadline?: number;
}
