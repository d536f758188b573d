import { parseFaultSpec } from './fault-spec.ts';
import type { ProxmoxSimulator } from './proxmox/index.ts';
import { dumpWorld } from './proxmox/index.ts';
import type { BackupSpec, TokenSpec, VmSpec } from './scenario.ts';
import type { SimHandler, SimResponse } from './wire.ts';

type Body = Record<string, unknown>;

/**
 * The simulator's port with `/sim/...` beside it, for tests in another process. Without credentials: only for servers on
 * loopback. `GET /sim/log`, `GET /sim/world`; `POST` with a JSON object to `/sim/fault {spec}`, `/sim/node {name, online}`,
 * `/sim/quorum {quorate}`, `/sim/storage {id, busyForMs}`, `/sim/vm`, `/sim/backup`, `/sim/token`; `DELETE /sim/fault`.
 */
export function withControl(simulator: ProxmoxSimulator, handler: SimHandler = simulator.handle): SimHandler {
  return async (request) => {
    const [path = ''] = request.url.split('?');
    if (!path.startsWith('/sim/')) return handler(request);
    const command = commands[`${request.method} ${path}`];
    if (command === undefined) return json(404, { error: `no ${request.method} ${path}` });
    try {
      return json(200, command(simulator, readBody(request.body)));
    } catch (error) {
      return json(400, { error: error instanceof Error ? error.message : String(error) });
    }
  };
}

const commands: Record<string, (simulator: ProxmoxSimulator, body: Body) => unknown> = {
  'GET /sim/log': (simulator) => simulator.log,
  'GET /sim/world': (simulator) => JSON.parse(dumpWorld(simulator.world)),
  'POST /sim/fault': (simulator, body) => simulator.faults.add(parseFaultSpec(String(body.spec))),
  'DELETE /sim/fault': (simulator) => simulator.faults.clear(),
  'POST /sim/node': (simulator, body) => {
    if (body.online === true) simulator.nodeUp(String(body.name));
    else simulator.nodeDown(String(body.name));
  },
  'POST /sim/quorum': (simulator, body) => simulator.setQuorate(body.quorate === true),
  'POST /sim/storage': (simulator, body) => simulator.holdStorageLock(String(body.id), Number(body.busyForMs)),
  'POST /sim/vm': (simulator, body) => simulator.addVm(required(body, isVmSpec, 'a number vmid')),
  'POST /sim/backup': (simulator, body) => simulator.addBackup(required(body, isBackupSpec, 'numbers vmid and at')),
  'POST /sim/token': (simulator, body) => simulator.addToken(required(body, isTokenSpec, 'a text id')),
};

// Only the fields that everything hangs on are checked: this is a tool for tests.
function isVmSpec(body: Body): body is Body & VmSpec {
  return typeof body.vmid === 'number';
}

function isBackupSpec(body: Body): body is Body & BackupSpec {
  return typeof body.vmid === 'number' && typeof body.at === 'number';
}

function isTokenSpec(body: Body): body is Body & TokenSpec {
  return typeof body.id === 'string';
}

function required<Spec>(body: Body, isSpec: (body: Body) => body is Body & Spec, fields: string): Body & Spec {
  if (!isSpec(body)) throw new Error(`expected ${fields}`);
  return body;
}

function readBody(text: string): Body {
  const parsed: unknown = text === '' ? {} : JSON.parse(text);
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw new Error('expected a JSON object');
  return { ...parsed };
}

function json(status: number, value: unknown): SimResponse {
  const body = JSON.stringify(value ?? null);
  const headers = { 'Content-Type': 'application/json', 'Content-Length': String(Buffer.byteLength(body)) };
  return { status, reason: status === 200 ? 'OK' : 'Refused', headers, body };
}
