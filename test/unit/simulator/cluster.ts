import type { Clock } from '../../../src/base/clock.ts';
import { createProxmoxSimulator, type ProxmoxOptions } from '../../../src/simulator/proxmox/index.ts';

export const START = Date.UTC(2026, 3, 18, 1, 36, 0);

/** Time that jumps to the next sleeper as soon as nothing else is left to do. */
function jumpingClock(): Clock & { advance(ms: number): void } {
  let now = START;
  const sleepers: { at: number; wake: () => void }[] = [];
  function pump(): void {
    const next = sleepers.sort((a, b) => a.at - b.at).shift();
    if (next === undefined) return;
    now = Math.max(now, next.at);
    next.wake();
  }
  return {
    now: () => now,
    monotonic: () => now - START,
    sleep: (ms) =>
      new Promise((resolve) => {
        sleepers.push({ at: now + ms, wake: resolve });
        setImmediate(pump);
      }),
    advance: (ms) => {
      now += ms;
    },
  };
}

export interface Answer {
  status: number;
  reason: string;
  body: string;
  headers: Record<string, string>;
  data: unknown;
  errors: unknown;
}

/** A small cluster: pve1 and pve2, the template 9000, and a token that may do everything vmctl does. */
export function cluster(options: Partial<ProxmoxOptions> = {}) {
  const clock = jumpingClock();
  const simulator = createProxmoxSimulator({
    clock,
    nodes: ['pve1', 'pve2'],
    storages: [
      { id: 'vmstore', content: ['images'] },
      { id: 'local', content: ['backup'] },
      { id: 'nfs', type: 'nfs', content: ['images', 'backup'] },
    ],
    ...options,
  });
  const token = simulator.addToken({ id: 'vmctl@pve!cron' });
  simulator.addVm({ vmid: 9000, name: 'tmpl', template: true, description: 'golden image' });

  async function call(
    method: string,
    path: string,
    params: Record<string, string | number> = {},
    as = token.header,
  ): Promise<Answer> {
    const form = new URLSearchParams(
      Object.entries(params).map(([key, value]): [string, string] => [key, String(value)]),
    ).toString();
    const inQuery = method === 'GET' || method === 'DELETE';
    const response = await simulator.handle({
      method,
      url: `/api2/json${path}${inQuery && form !== '' ? `?${form}` : ''}`,
      headers: { authorization: as, ...(inQuery ? {} : { 'content-type': 'application/x-www-form-urlencoded' }) },
      body: inQuery ? '' : form,
    });
    const json = response.body.startsWith('{') ? JSON.parse(response.body) : {};
    return { ...response, data: json.data, errors: json.errors };
  }

  /** The task's own word, polled like a client would, at most ten minutes. */
  async function ended(upid: unknown, as?: string): Promise<string> {
    const [, node] = String(upid).split(':');
    for (let second = 0; second < 600; second += 1) {
      const { data } = await call('GET', `/nodes/${node}/tasks/${encodeURIComponent(String(upid))}/status`, {}, as);
      if (isRecord(data) && data.status === 'stopped') return String(data.exitstatus);
      await clock.sleep(500);
    }
    throw new Error(`${upid} did not end`);
  }

  /** Starts something and returns how its task ended. */
  async function run(
    method: string,
    path: string,
    params: Record<string, string | number> = {},
    as?: string,
  ): Promise<string> {
    const started = await call(method, path, params, as);
    if (started.status !== 200) return `${started.status} ${started.reason}`;
    return ended(started.data, as);
  }

  async function taskLog(upid: unknown): Promise<string[]> {
    const task = simulator.world.tasks.find((candidate) => candidate.upid === upid);
    return task?.log ?? [];
  }

  return { clock, simulator, token, call, ended, run, taskLog };
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** One field of an answer's data. */
export function field(answer: Answer, key: string): unknown {
  return isRecord(answer.data) ? answer.data[key] : undefined;
}

export function rows(answer: Answer): Record<string, unknown>[] {
  return Array.isArray(answer.data) ? answer.data.filter(isRecord) : [];
}
