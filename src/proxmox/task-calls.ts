import { item, items, number, required, text } from './readers.ts';
import { type ApiCall, apiPath, type Transport } from './transport.ts';
import { parseUpid } from './upid.ts';

/** How a task stands. `exitstatus` is there once it has stopped. */
export interface TaskStatus {
  readonly running: boolean;
  readonly exitstatus?: string | undefined;
}

export interface TaskItem {
  readonly upid: string;
  readonly type: string;
  readonly id: string;
  /** Seconds since the epoch, on the node's clock. */
  readonly starttime: number;
  /** Undefined while the list thinks that it runs; the list is up to 10 s late. */
  readonly exitstatus?: string | undefined;
}

/** Calls on tasks. The node comes from the UPID: another one answers `no-such-task`. */
export interface TaskCalls {
  taskStatus(upid: string): Promise<TaskStatus>;
  /** The last lines of its log, oldest first. */
  taskLog(upid: string, lines: number): Promise<string[]>;
  /** Interrupts it; a clone or shutdown then cleans up after itself. */
  abortTask(upid: string): Promise<void>;
  /** The tasks of a node that this token may see (its own), newest first. */
  tasks(node: string, filter: TaskFilter): Promise<TaskItem[]>;
}

export interface TaskFilter {
  /** Default `all`; `active`: those that run, up to 10 s late. */
  readonly source?: 'all' | 'active';
  /** Seconds since the epoch, on the node's clock. */
  readonly since?: number;
  /** Of a clone, that of its source. */
  readonly vmid?: number;
  /** Such as `qmdestroy`. */
  readonly type?: string;
}

/** `limit` defaults to 50 and 0 gives nothing, so a list must ask for more than there can be. */
const listLimit = 5000;

export function taskCalls(transport: Transport): TaskCalls {
  function onTask(method: 'GET' | 'DELETE', upid: string, below: string, params: ApiCall['params'] = {}): ApiCall {
    const { node } = parseUpid(upid);
    const path = apiPath`/nodes/${node}/tasks/${upid}` + below;
    return { method, path, params, node, effect: method === 'GET' ? 'none' : 'changes' };
  }

  return {
    taskStatus: async (upid) => {
      const call = onTask('GET', upid, '/status');
      const entry = item(call, (await transport.call(call)).data);
      const status = required(call, text(entry, 'status'), 'the status of a task');
      // A stopped task without an exit status was killed like one with `unexpected status`.
      if (status !== 'running') return { running: false, exitstatus: text(entry, 'exitstatus') ?? 'unexpected status' };
      return { running: true };
    },
    taskLog: async (upid, lines) => {
      const call = onTask('GET', upid, '/log', { start: 0, limit: listLimit });
      const { data, total = 0 } = await transport.call(call);
      const last = onTask('GET', upid, '/log', { start: total - lines, limit: lines });
      const shown = total > listLimit ? (await transport.call(last)).data : data;
      return items(call, shown)
        .map((line) => text(line, 't') ?? '')
        .filter((line) => line !== '' && line !== 'no content')
        .slice(-lines);
    },
    abortTask: async (upid) => {
      await transport.call(onTask('DELETE', upid, ''));
    },
    tasks: async (node, { source = 'all', since, vmid, type }) => {
      const params = { source, since, limit: listLimit, vmid, typefilter: type };
      const call: ApiCall = { method: 'GET', path: apiPath`/nodes/${node}/tasks`, params, node, effect: 'none' };
      return items(call, (await transport.call(call)).data).map((entry) => ({
        upid: required(call, text(entry, 'upid'), 'a UPID'),
        type: text(entry, 'type') ?? '',
        id: text(entry, 'id') ?? '',
        starttime: required(call, number(entry, 'starttime'), 'the start of a task'),
        exitstatus: entry.status === 'RUNNING' ? undefined : text(entry, 'status'),
      }));
    },
  };
}
