import { PveError, parameterError } from '../errors.ts';
import { demand } from '../privileges.ts';
import { type Call, pathVariable, type Route, target } from '../route.ts';
import { count, flag, type Rule, text } from '../schema.ts';
import { isAtLeast } from '../sim.ts';
import { startTask } from '../tasks.ts';
import { findVm, loadVmToCheckRunning } from '../vms.ts';

function mayPower(call: Call): void {
  demand(call.sim.world, call.auth, `/vms/${pathVariable(call, 'vmid')}`, 'VM.PowerMgmt');
}

/** Starts the task; it is there that a missing or locked VM shows. */
function startPowerTask(call: Call, type: string) {
  const { node, vmid } = target(call);
  if (call.params.skiplock === '1' && call.auth.id !== 'root@pam') {
    throw parameterError({ skiplock: 'Only root may use this option.' });
  }
  const { sim, auth, fate, params } = call;
  const at = sim.clock.now();
  const task = startTask(sim, { at, node, type, id: String(vmid), user: auth.id, args: { vmid, params }, fate });
  return { data: task.upid };
}

function isManaged(call: Call): boolean {
  const { node, vmid } = target(call);
  return (findVm(call.sim.world, node, vmid)?.ha ?? null) !== null;
}

function start(call: Call) {
  return startPowerTask(call, isManaged(call) ? 'hastart' : 'qmstart');
}

function stop(call: Call) {
  const overrule = call.params['overrule-shutdown'];
  if (overrule !== undefined && !isAtLeast(call.sim.world, 8)) {
    const reason = 'property is not defined in schema and the schema does not allow additional properties';
    throw parameterError({ 'overrule-shutdown': reason });
  }
  if (!isManaged(call)) return startPowerTask(call, 'qmstop');
  if (overrule === '1') {
    throw parameterError({ 'overrule-shutdown': 'Not applicable for HA resources.' });
  }
  // The manager's own stop is hard, whatever time-out came along.
  call.params = {};
  return startPowerTask(call, 'hastop');
}

function shutdown(call: Call) {
  if (!isManaged(call)) return startPowerTask(call, 'qmshutdown');
  call.params = { timeout: call.params.timeout ?? '60' };
  return startPowerTask(call, 'hastop');
}

function reboot(call: Call) {
  const { node, vmid } = target(call);
  const vm = loadVmToCheckRunning(call.sim.world, node, vmid);
  if (!vm.running) throw new PveError(`VM ${vmid} not running`);
  return startPowerTask(call, 'qmreboot');
}

function powerRoute(action: string, rules: Record<string, Rule>, run: Route['run']): Route {
  const path = `/nodes/{node}/qemu/{vmid}/status/${action}`;
  return { method: 'POST', path, params: { rules }, permission: mayPower, run };
}

export const powerRoutes: Route[] = [
  powerRoute('start', { timeout: count, skiplock: flag, machine: text, 'force-cpu': text }, start),
  powerRoute('stop', { timeout: count, skiplock: flag, keepActive: flag, 'overrule-shutdown': flag }, stop),
  powerRoute('shutdown', { timeout: count, skiplock: flag, keepActive: flag, forceStop: flag }, shutdown),
  powerRoute('reboot', { timeout: count }, reboot),
];
