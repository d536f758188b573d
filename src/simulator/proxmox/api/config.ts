import { changeConfig, checkConfigParams, checkDigest, listOf } from '../config-change.ts';
import { configControls, configPrivileges, configSchema, vmOption } from '../config-schema.ts';
import { configView, pendingView } from '../config-view.ts';
import { driveKeys } from '../disks.ts';
import { PveError } from '../errors.ts';
import { awaitLock, vmLock } from '../flock.ts';
import { demand } from '../privileges.ts';
import { type Call, pathVariable, type Route, target } from '../route.ts';
import { digestRule, flag, type Rule, required, text } from '../schema.ts';
import { settle } from '../settle.ts';
import { isAtLeast } from '../sim.ts';
import { startTask } from '../tasks.ts';
import { checkLock, loadVm, loadVmToCheckRunning } from '../vms.ts';
import { resizeDisk } from '../workers/change.ts';

function needs(...privileges: string[]): (call: Call) => void {
  return (call) => demand(call.sim.world, call.auth, `/vms/${pathVariable(call, 'vmid')}`, ...privileges);
}

/** The checks of a change that come before its lock. */
function checkChange(call: Call): void {
  const { sim, auth, params } = call;
  const { node, vmid } = target(call);
  checkConfigParams(params);
  const keys = Object.keys(params).filter((key) => !configControls.has(key));
  for (const key of [...keys, ...listOf(params.delete)]) {
    demand(sim.world, auth, `/vms/${vmid}`, vmOption(key)?.privilege ?? 'VM.Config.Options');
  }
  const vm = loadVm(sim.world, node, vmid);
  checkDigest(vm, params);
  checkLock(vm);
}

function startChange(call: Call, type: string) {
  const { node, vmid } = target(call);
  const { sim, auth, params, fate } = call;
  const at = sim.clock.now();
  const id = String(vmid);
  return { data: startTask(sim, { at, node, type, id, user: auth.id, args: { vmid, params }, fate }).upid };
}

/** Waits for the VM's lock inside the request, then changes. */
async function underLock(call: Call, change: () => void) {
  const { node, vmid } = target(call);
  await awaitLock(call.sim, vmLock(node, vmid), () => settle(call.sim));
  change();
  return { data: null };
}

async function put(call: Call) {
  const { node, vmid } = target(call);
  checkChange(call);
  return underLock(call, () =>
    changeConfig(call.sim, loadVm(call.sim.world, node, vmid), call.params, call.sim.clock.now()),
  );
}

function post(call: Call) {
  checkChange(call);
  return startChange(call, 'qmconfig');
}

/** Since 8 a task, and every error in it; before, all in the request. */
async function resize(call: Call) {
  const { node, vmid } = target(call);
  if (isAtLeast(call.sim.world, 8)) return startChange(call, 'resize');
  const vm = loadVm(call.sim.world, node, vmid);
  checkDigest(vm, call.params);
  return underLock(call, () => resizeDisk(call.sim, loadVm(call.sim.world, node, vmid), call.params));
}

function template(call: Call) {
  const { node, vmid } = target(call);
  const vm = loadVmToCheckRunning(call.sim.world, node, vmid);
  if (vm.running) throw new PveError("you can't convert a VM to template if VM is running");
  return startChange(call, 'qmtemplate');
}

const driveRule: Rule = { kind: 'string', required: true, oneOf: driveKeys };
const sizeRule: Rule = { kind: 'string', pattern: /^\+?\d+(?:\.\d+)?[KMGT]?$/ };
const vmPath = '/nodes/{node}/qemu/{vmid}';

export const configRoutes: Route[] = [
  {
    method: 'GET',
    path: `${vmPath}/config`,
    permission: needs('VM.Audit'),
    params: { rules: { current: flag, snapshot: text } },
    run(call) {
      const { node, vmid } = target(call);
      return { data: configView(call.sim.world, loadVm(call.sim.world, node, vmid), call.params.current === '1') };
    },
  },
  {
    method: 'GET',
    path: `${vmPath}/pending`,
    permission: needs('VM.Audit'),
    run(call) {
      const { node, vmid } = target(call);
      return { data: pendingView(call.sim.world, loadVm(call.sim.world, node, vmid)) };
    },
  },
  { method: 'PUT', path: `${vmPath}/config`, permission: needs(...configPrivileges), params: configSchema, run: put },
  { method: 'POST', path: `${vmPath}/config`, permission: needs(...configPrivileges), params: configSchema, run: post },
  {
    method: 'PUT',
    path: `${vmPath}/resize`,
    permission: needs('VM.Config.Disk'),
    params: { rules: { disk: driveRule, size: required(sizeRule), digest: digestRule, skiplock: flag } },
    run: resize,
  },
  {
    method: 'POST',
    path: `${vmPath}/template`,
    permission: needs('VM.Allocate'),
    params: { rules: { disk: text } },
    run: template,
  },
];
