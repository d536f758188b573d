import type { SimRequest, SimResponse } from '../wire.ts';
import { answer, refuse } from './answer.ts';
import { authenticate } from './authenticate.ts';
import { PveError, parameterError } from './errors.ts';
import { authOf } from './privileges.ts';
import { checkTransport, HttpError, type ParsedUrl, readParams } from './request.ts';
import type { Call, Route, Router } from './route.ts';
import { type RawParams, verify, vmidRule } from './schema.ts';
import type { Sim } from './sim.ts';
import type { Fate } from './world.ts';

export interface Visit {
  url: ParsedUrl;
  entry: string;
  fate: Fate | null;
  /** Told as soon as it is known who asks, and with what. */
  noted: (details: { token?: string; params?: RawParams }) => void;
}

/** One request through the checks, in Proxmox's order: credentials, route, permission, node, parameters, then the work. */
export async function serveRequest(sim: Sim, router: Router, request: SimRequest, visit: Visit): Promise<SimResponse> {
  try {
    return answer(sim, await run(sim, router, request, visit));
  } catch (error) {
    if (!(error instanceof PveError)) throw error;
    if (error.status === 401) await sim.clock.sleep(sim.timing.unauthorizedDelay);
    return refuse(sim, error);
  }
}

async function run(sim: Sim, router: Router, request: SimRequest, visit: Visit) {
  const { url } = visit;
  checkTransport(sim.world, request);
  if (url.path === null) throw new HttpError(`no such file '${request.url.split('?')[0]}'`);
  const found = router.find(request.method, url.segments);
  const auth = found?.route.anonymous ? authOf('') : authenticate(sim, request);
  if (auth.id !== '') visit.noted({ token: auth.id });
  if (url.format !== 'json') throw new HttpError(`no formatter for uri ${url.path}, ${url.format}`, 501);
  if (found === undefined) throw new PveError(`Method '${request.method} ${url.path}' not implemented`, 501);
  const raw = readParams(request, url.query);
  visit.noted({ params: raw });
  const call: Call = { sim, auth, path: found.path, params: flat(raw), entry: visit.entry, fate: visit.fate };
  found.route.permission?.(call);
  await reachNode(sim, found.route, call);
  checkPath(found.path);
  call.params = verify(raw, found.route.params ?? { rules: {} });
  if (request.method !== 'GET' && !found.route.anonymous && !sim.world.quorate) {
    throw new PveError('cluster not ready - no quorum?');
  }
  return found.route.run(call);
}

async function reachNode(sim: Sim, route: Route, call: Call): Promise<void> {
  const name = call.path.node;
  if (name === undefined || route.local || name === call.entry) return;
  const node = sim.world.nodes[name];
  if (node === undefined) {
    await sim.clock.sleep(sim.timing.nameLookup);
    const detail = `failed to get address info for: ${name}: Temporary failure in name resolution`;
    throw new PveError(`hostname lookup '${name}' failed - ${detail}`);
  }
  if (!node.online) {
    await sim.clock.sleep(sim.timing.noRoute);
    throw new PveError('No route to host', 595);
  }
}

function checkPath(path: Record<string, string>): void {
  const vmid = path.vmid;
  if (vmid === undefined) return;
  if (!/^\d+$/.test(vmid)) throw parameterError({ vmid: `type check ('integer') failed - got '${vmid}'` });
  const wrong = vmidRule.format?.(vmid, 'vmid') ?? null;
  if (wrong !== null) throw parameterError({ vmid: wrong });
}

function flat(raw: RawParams): Record<string, string> {
  const single = Object.entries(raw).map(([key, value]) => [key, typeof value === 'string' ? value : value.join(',')]);
  return Object.fromEntries(single);
}
