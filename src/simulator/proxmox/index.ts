import type { Clock } from '../../base/clock.ts';
import {
  addBackup,
  addToken,
  addUser,
  addVm,
  type BackupSpec,
  type TokenSpec,
  type UserSpec,
  type VmSpec,
} from '../scenario.ts';
import { ConnectionLost, type SimHandler, type SimRequest, type SimResponse } from '../wire.ts';
import { createAgenda } from './agenda.ts';
import { refuse } from './answer.ts';
import { apiRoutes } from './api/index.ts';
import { Unauthorized } from './authenticate.ts';
import { PveError } from './errors.ts';
import { createFaultBook, type FaultBook, fateOf, type SimFault } from './faults.ts';
import { serveRequest } from './pipeline.ts';
import { parseUrl } from './request.ts';
import { createRouter } from './route.ts';
import type { RawParams } from './schema.ts';
import { settle } from './settle.ts';
import type { Sim } from './sim.ts';
import { defaultTiming, type Timing } from './timing.ts';
import type { Vm, Volume, World } from './world.ts';
import { createStorage, createWorld, type StorageSpec, type WorldOptions } from './world-file.ts';

export type { SimFault } from './faults.ts';
export type { Timing } from './timing.ts';
export type { Vm, Volume, World } from './world.ts';
export { dumpWorld, loadWorld } from './world-file.ts';

export interface ProxmoxOptions extends Partial<Omit<WorldOptions, 'now'>> {
  clock: Clock;
  /** Instead of a new one: a world as `loadWorld` returns it. */
  world?: World;
  timing?: Partial<Timing>;
  /** Called before a request is looked at, and when it has had its effect but no answer yet. */
  onRequest?: (info: RequestInfo) => void | Promise<void>;
}

export interface RequestInfo {
  /** From 1, in the order of arrival. */
  index: number;
  method: string;
  /** Decoded, behind `/api2/json`. */
  path: string;
  phase: 'before' | 'after';
}

/** One request in the log; status 0 where the connection was cut. */
export interface LoggedRequest {
  index: number;
  /** Milliseconds on the clock. */
  at: number;
  method: string;
  path: string;
  params: RawParams;
  /** Token or user; absent where nobody was authenticated. */
  token?: string;
  entry: string;
  status: number;
  reason: string;
}

export interface ProxmoxSimulator {
  /** One request to a node, by default the first. Rejects with `ConnectionLost` where no answer comes. */
  handle(request: SimRequest, entry?: string): Promise<SimResponse>;
  /** The port of one node, for a server of its own. */
  entry(node: string): SimHandler;
  /** What is there now; everything that is due has happened. */
  readonly world: World;
  readonly faults: Pick<FaultBook, 'add' | 'clear'>;
  readonly log: LoggedRequest[];
  addVm(spec: VmSpec): Vm;
  addBackup(spec: BackupSpec): Volume;
  addToken(spec: TokenSpec): { id: string; secret: string; header: string };
  addUser(spec: UserSpec): void;
  addStorage(spec: StorageSpec): void;
  /** Something else holds the storage's lock file for so long. */
  holdStorageLock(id: string, forMs: number): void;
  /** From now on it does not answer, and requests for it that go through another node get 595. Its VMs and tasks go on. */
  nodeDown(name: string): void;
  nodeUp(name: string): void;
  setQuorate(quorate: boolean): void;
}

export function createProxmoxSimulator(options: ProxmoxOptions): ProxmoxSimulator {
  const { clock } = options;
  const world = options.world ?? createWorld({ nodes: ['pve1'], ...options, now: clock.now() });
  const sim = createSim(world, clock, { ...defaultTiming, ...options.timing });
  const router = createRouter(apiRoutes);
  const log: LoggedRequest[] = [];
  const firstNode = Object.keys(world.nodes)[0] ?? '';

  async function handle(request: SimRequest, entry = firstNode): Promise<SimResponse> {
    const url = parseUrl(request.url);
    const path = url.path ?? request.url;
    const logged: LoggedRequest = {
      index: log.length + 1,
      at: clock.now(),
      method: request.method,
      path,
      params: {},
      entry,
      status: 0,
      reason: 'connection lost',
    };
    log.push(logged);
    const info = { index: logged.index, method: request.method, path };
    await options.onRequest?.({ ...info, phase: 'before' });
    if (world.nodes[entry]?.online !== true) throw new ConnectionLost('ECONNREFUSED');
    const query = url.query === '' ? '' : `?${url.query}`;
    const faults = sim.faults.match(request.method, `${path}${query}`);
    const early = await strikeBefore(sim, faults);
    settle(sim);
    const response =
      early ??
      (await serveRequest(sim, router, request, {
        url,
        entry,
        fate: fateOf(faults),
        noted: (details) => Object.assign(logged, withoutSecrets(details)),
      }));
    await options.onRequest?.({ ...info, phase: 'after' });
    const final = await strikeAfter(sim, faults, response);
    logged.status = final.status;
    logged.reason = final.reason;
    return final;
  }

  function node(name: string) {
    const found = world.nodes[name];
    if (found === undefined) throw new Error(`the simulated cluster has no node ${name}`);
    return found;
  }

  return {
    handle,
    entry: (name) => (request) => handle(request, name),
    get world() {
      settle(sim);
      return world;
    },
    faults: sim.faults,
    log,
    addVm: (spec) => addVm(world, spec, clock.now(), sim.timing),
    addBackup: (spec) => addBackup(world, spec),
    addToken: (spec) => addToken(world, spec),
    addUser: (spec) => addUser(world, spec),
    addStorage: (spec) => {
      world.storages[spec.id] = createStorage(spec);
    },
    holdStorageLock: (id, forMs) => {
      const storage = world.storages[id];
      if (storage === undefined) throw new Error(`the simulated cluster has no storage ${id}`);
      storage.busyUntil = clock.now() + forMs;
    },
    nodeDown: (name) => Object.assign(node(name), { online: false, downSince: clock.now() }),
    nodeUp: (name) => Object.assign(node(name), { online: true, downSince: null }),
    setQuorate: (quorate) => {
      world.quorate = quorate;
    },
  };
}

/** What is derived from a world: also from one that was dumped in the middle of its tasks. */
function createSim(world: World, clock: Clock, timing: Timing): Sim {
  const agenda = createAgenda();
  for (const task of world.tasks) if (task.due !== null) agenda.add({ at: task.due, kind: 'task', key: task.upid });
  for (const vm of Object.values(world.vms)) {
    if (vm.poweroffAt !== null) agenda.add({ at: vm.poweroffAt, kind: 'guest', key: String(vm.vmid) });
    if (vm.ha?.actAt != null) agenda.add({ at: vm.ha.actAt, kind: 'ha', key: String(vm.vmid) });
  }
  const tasks = new Map(world.tasks.map((task) => [task.upid, task]));
  return { world, clock, timing, agenda, faults: createFaultBook(), tasks };
}

async function strikeBefore(sim: Sim, faults: SimFault[]): Promise<SimResponse | undefined> {
  for (const fault of faults) {
    if (fault.do === 'reset-before') throw new ConnectionLost('ECONNRESET');
    if (fault.do === 'slow' && !fault.after) await sim.clock.sleep(fault.delayMs ?? 0);
    if (fault.do === 'status' && !fault.after) return await faultAnswer(sim, fault);
  }
  return undefined;
}

async function strikeAfter(sim: Sim, faults: SimFault[], response: SimResponse): Promise<SimResponse> {
  for (const fault of faults) {
    if (fault.do === 'reset-after') throw new ConnectionLost('ECONNRESET');
    if (fault.do === 'slow' && fault.after) await sim.clock.sleep(fault.delayMs ?? 0);
    if (fault.do === 'status' && fault.after) return await faultAnswer(sim, fault);
    if (fault.do === 'lost-answer') {
      await sim.clock.sleep(fault.delayMs ?? sim.timing.lostAnswer);
      throw new ConnectionLost('ECONNRESET');
    }
  }
  return response;
}

async function faultAnswer(sim: Sim, fault: SimFault): Promise<SimResponse> {
  if (fault.delayMs !== undefined) await sim.clock.sleep(fault.delayMs);
  const { status = 500, reason = 'simulated fault' } = fault;
  return refuse(sim, status === 401 ? new Unauthorized(reason) : new PveError(reason, status));
}

function withoutSecrets(details: { token?: string; params?: RawParams }) {
  const { password: _password, cipassword: _cipassword, ...params } = details.params ?? {};
  return details.params === undefined ? details : { ...details, params };
}
