import type { Clock } from '../base/clock.ts';
import type { ClusterSettings } from '../settings/types.ts';
import { forceStop } from './force-stop.ts';
import { createLocator, type Locate } from './locate.ts';
import { type NodeCalls, nodeCalls } from './nodes.ts';
import { type ClusterPorts, createStack } from './stack.ts';
import { type StorageCalls, storageCalls } from './storages.ts';
import { type TaskCalls, taskCalls } from './task-calls.ts';
import { type TaskExit, type WaitOptions, waitForTask } from './tasks.ts';
import type { Transport } from './transport.ts';
import { type VmCalls, vmCalls } from './vms.ts';
import { createWatch, type Watch } from './watch.ts';

type Calls = NodeCalls & VmCalls & StorageCalls & TaskCalls;

/** A Proxmox VE cluster. Every call rejects with a classified ProxmoxError; UsageError for unusable settings. */
export interface Cluster extends NodeCalls, VmCalls, StorageCalls, TaskCalls {
  readonly name: string;
  readonly limits: ClusterSettings['limits'];
  readonly clock: Clock;
  readonly transport: Transport;
  /** Readings shared by all that wait; they take their own signals. */
  readonly watch: Watch;
  /** Where the guest is, from a reading at most 2 s old and shared by all; undefined where the token sees none. */
  readonly locate: Locate;
  /** Waits for the end of a task; see `waitForTask` in tasks.ts. */
  waitForTask(upid: string, options: WaitOptions): Promise<TaskExit>;
  /** Stops at once, also while a shutdown of this token is going on. Gives the UPID. */
  forceStop(node: string, vmid: number, options: { readonly ha: boolean }): Promise<string>;
  /** Proxmox's time minus this host's, ms; undefined before the first answer. */
  skewMs(): number | undefined;
  /** Shares the limits out among so many ticks that are alive now. */
  setShare(liveTicks: number): void;
  /** The same cluster, with shared readings, limits and login, whose own calls end when the signal aborts. */
  withSignal(signal: AbortSignal): Cluster;
}

/** @throws UsageError where the token is malformed */
export function createCluster(settings: ClusterSettings, ports: ClusterPorts): Cluster {
  const { clock, signal: over } = ports;
  const { transport: endless, setShare, skewMs } = createStack(settings, ports);
  const transport = over === undefined ? endless : signalled(endless, over);
  const calls = callsOf(sharedReadings(transport));
  const shared = {
    name: settings.name,
    limits: settings.limits,
    clock,
    setShare,
    skewMs,
    watch: createWatch(calls, clock, skewMs),
    locate: createLocator(calls, clock),
  };

  function view(own: Transport, outer: AbortSignal | undefined): Cluster {
    const ownCalls = callsOf(own);
    return {
      ...shared,
      ...ownCalls,
      transport: own,
      waitForTask: (upid, options) => waitForTask(shared, upid, { ...options, signal: either(outer, options.signal) }),
      forceStop: (node, vmid, options) => forceStop(ownCalls, node, vmid, options),
      withSignal: (signal) => view(signalled(own, signal), either(outer, signal)),
    };
  }
  return view(transport, over);
}

function callsOf(transport: Transport): Calls {
  return { ...nodeCalls(transport), ...vmCalls(transport), ...storageCalls(transport), ...taskCalls(transport) };
}

/** What all who wait share, marked as such. */
function sharedReadings(inner: Transport): Transport {
  return { call: (call) => inner.call({ ...call, shared: true }) };
}

function signalled(inner: Transport, signal: AbortSignal): Transport {
  return { call: (call) => inner.call({ ...call, signal: either(call.signal, signal) }) };
}

function either(one: AbortSignal | undefined, other: AbortSignal | undefined): AbortSignal | undefined {
  return one && other ? AbortSignal.any([one, other]) : (one ?? other);
}
