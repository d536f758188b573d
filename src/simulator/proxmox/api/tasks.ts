import { parameterError } from '../errors.ts';
import { demand, may } from '../privileges.ts';
import { type Call, pathVariable, type Route } from '../route.ts';
import { count, flag, text, vmidRule } from '../schema.ts';
import { interruptTask } from '../settle.ts';
import { isRunning, ownsTask } from '../tasks.ts';
import type { Task } from '../world.ts';

const UPID =
  /^UPID:[a-zA-Z0-9][a-zA-Z0-9-]*:[0-9A-Fa-f]{8}:[0-9A-Fa-f]{8,9}:[0-9A-Fa-f]{8}:[^:\s/]+:[^:\s/]*:[^:\s/]+:$/;

/** User and token apart, as most answers have them. */
function owner(task: Task) {
  const [user, tokenid] = task.user.split('!');
  return tokenid === undefined ? { user } : { user, tokenid };
}

/** The task, if its log is on this node and the caller may see it; undefined: no such task. */
function findTask(call: Call, privilege: string): Task | undefined {
  const upid = pathVariable(call, 'upid');
  const node = pathVariable(call, 'node');
  if (!UPID.test(upid)) throw parameterError({ upid: 'unable to parse worker upid' });
  const task = call.sim.tasks.get(upid);
  if (task === undefined || task.node !== node) return undefined;
  if (!ownsTask(call.auth.id, task)) demand(call.sim.world, call.auth, `/nodes/${node}`, privilege);
  return task;
}

function status(call: Call) {
  const task = findTask(call, 'Sys.Audit');
  if (task === undefined) throw parameterError({ upid: 'no such task' });
  const { upid, node, pid, pstart, starttime, type, id } = task;
  const end = isRunning(task) ? { status: 'running' } : { status: 'stopped', exitstatus: task.exitstatus };
  return { data: { upid, node, pid, pstart, starttime, type, id, ...owner(task), ...end } };
}

function log(call: Call) {
  const task = findTask(call, 'Sys.Audit');
  if (task === undefined) {
    return { data: [{ n: 1, t: 'unable to open file - No such file or directory' }], total: 1 };
  }
  const lines = task.log.map((t, index) => ({ n: index + 1, t }));
  const first = Number(call.params.start ?? 0);
  const limit = Number(call.params.limit ?? 50);
  if (lines.length === 0) return { data: [{ n: 1, t: 'no content' }], total: 1 };
  return { data: lines.slice(first, limit === 0 ? undefined : first + limit), total: lines.length };
}

/** The index that the list reads lags: what ended within the last seconds still shows as RUNNING. */
function listed(call: Call, task: Task) {
  const { upid, node, pid, pstart, starttime, type, id } = task;
  const common = { upid, node, pid, pstart, starttime, type, id };
  const shownAsRunning = task.endedAt === null || call.sim.clock.now() - task.endedAt < call.sim.timing.taskListLag;
  if (shownAsRunning) return { ...common, user: task.user, status: 'RUNNING', saved: '0' };
  return { ...common, ...owner(task), status: task.exitstatus, endtime: Math.floor((task.endedAt ?? 0) / 1000) };
}

function list(call: Call) {
  const { params, auth, sim } = call;
  const node = pathVariable(call, 'node');
  const all = may(sim.world, auth, `/nodes/${node}`, 'Sys.Audit');
  const source = params.source ?? 'archive';
  const rows = sim.world.tasks
    .filter((task) => task.node === node && (all || ownsTask(auth.id, task)) && wanted(params, task))
    .reverse()
    .map((task) => listed(call, task))
    .filter((row) => source === 'all' || (row.status === 'RUNNING') === (source === 'active'))
    .filter((row) => params.errors !== '1' || !/^(?:OK|RUNNING|WARNINGS: \d+)$/.test(row.status ?? ''));
  const first = Number(params.start ?? 0);
  return { data: rows.slice(first, first + Number(params.limit ?? 50)), total: rows.length };
}

function wanted(params: Record<string, string>, task: Task): boolean {
  const { since, until, vmid, typefilter, userfilter } = params;
  if (since !== undefined && task.starttime < Number(since)) return false;
  if (until !== undefined && task.starttime > Number(until)) return false;
  if (vmid !== undefined && task.id !== vmid && !task.id.startsWith(`${vmid}@`)) return false;
  if (typefilter !== undefined && task.type !== typefilter) return false;
  // Finished entries hold the user without his token.
  return userfilter === undefined || (task.user.split('!')[0] ?? '').includes(userfilter);
}

function stop(call: Call) {
  const task = findTask(call, 'Sys.Modify');
  if (task === undefined) throw parameterError({ upid: 'no such task' });
  if (isRunning(task)) interruptTask(call.sim, task, call.sim.clock.now());
  return { data: null };
}

const taskPath = '/nodes/{node}/tasks/{upid}';

export const taskRoutes: Route[] = [
  {
    method: 'GET',
    path: '/nodes/{node}/tasks',
    params: {
      rules: {
        source: { kind: 'string', oneOf: ['archive', 'active', 'all'] },
        vmid: vmidRule,
        typefilter: text,
        userfilter: text,
        statusfilter: text,
        since: { kind: 'integer' },
        until: { kind: 'integer' },
        errors: flag,
        start: count,
        limit: count,
      },
    },
    run: list,
  },
  { method: 'GET', path: taskPath, local: true, run: () => ({ data: [{ name: 'log' }, { name: 'status' }] }) },
  { method: 'GET', path: `${taskPath}/status`, run: status },
  {
    method: 'GET',
    path: `${taskPath}/log`,
    params: { rules: { start: count, limit: count, download: flag } },
    run: log,
  },
  { method: 'DELETE', path: taskPath, run: stop },
];
