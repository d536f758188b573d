import { cpuCount, vmFigures } from '../config-view.ts';
import { nodeFigures } from '../node-figures.ts';
import { demand, may } from '../privileges.ts';
import { type Call, pathVariable, type Route, target } from '../route.ts';
import { flag } from '../schema.ts';
import { loadVm } from '../vms.ts';
import type { Vm } from '../world.ts';

function uptime({ sim }: Call): number {
  return Math.floor((sim.clock.now() - sim.world.bootedAt) / 1000);
}

function list(call: Call) {
  return { data: Object.values(call.sim.world.nodes).map((node) => nodeFigures(call.sim, call.auth, node)) };
}

function status(call: Call) {
  return { data: { uptime: uptime(call), pveversion: `pve-manager/${call.sim.world.release}`, cpu: 0.02 } };
}

function figures(call: Call, vm: Vm) {
  return {
    ...vmFigures(vm, vm.running, call.sim.clock.now()),
    cpus: cpuCount(vm),
    ...(vm.config.template === 1 ? { template: 1 } : {}),
    ...(vm.running ? { pid: 10_000 + vm.vmid } : {}),
  };
}

function qmpStatus(vm: Vm) {
  return { qmpstatus: vm.running ? 'running' : 'stopped' };
}

/** Real time, unlike cluster/resources. */
function qemuList(call: Call) {
  const { world } = call.sim;
  const node = pathVariable(call, 'node');
  const vms = Object.values(world.vms).filter((vm) => vm.node === node);
  const visible = vms.filter((vm) => may(world, call.auth, `/vms/${vm.vmid}`, 'VM.Audit'));
  const full = call.params.full === '1';
  return { data: visible.map((vm) => ({ ...figures(call, vm), ...(full ? qmpStatus(vm) : {}) })) };
}

function current(call: Call) {
  const { node, vmid } = target(call);
  const vm = loadVm(call.sim.world, node, vmid);
  const ha = vm.ha === null ? { managed: 0 } : { managed: 1, state: vm.ha.state };
  const agent = vm.config.agent === undefined ? {} : { agent: 1 };
  return { data: { ...figures(call, vm), ...agent, ha, ...qmpStatus(vm) } };
}

export const nodeRoutes: Route[] = [
  { method: 'GET', path: '/nodes', run: list },
  {
    method: 'GET',
    path: '/nodes/{node}/status',
    permission: (call) => demand(call.sim.world, call.auth, `/nodes/${pathVariable(call, 'node')}`, 'Sys.Audit'),
    run: status,
  },
  { method: 'GET', path: '/nodes/{node}/qemu', params: { rules: { full: flag } }, run: qemuList },
  {
    method: 'GET',
    path: '/nodes/{node}/qemu/{vmid}/status/current',
    permission: (call) => demand(call.sim.world, call.auth, `/vms/${pathVariable(call, 'vmid')}`, 'VM.Audit'),
    run: current,
  },
];
