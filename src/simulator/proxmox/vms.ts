import { PveError } from './errors.ts';
import type { Sim } from './sim.ts';
import type { Vm, World } from './world.ts';

function configFileMissing(node: string, vmid: number): PveError {
  return new PveError(`Configuration file 'nodes/${node}/qemu-server/${vmid}.conf' does not exist`);
}

/** The VM, if its configuration is on that node; elsewhere it counts as missing. */
export function findVm(world: World, node: string, vmid: number): Vm | undefined {
  const vm = world.vms[vmid];
  return vm?.node === node ? vm : undefined;
}

export function loadVm(world: World, node: string, vmid: number): Vm {
  const vm = findVm(world, node, vmid);
  if (vm === undefined) throw configFileMissing(node, vmid);
  return vm;
}

/** As the calls do that ask "does it run?" first: another text for a missing VM. */
export function loadVmToCheckRunning(world: World, node: string, vmid: number): Vm {
  const vm = findVm(world, node, vmid);
  if (vm === undefined) throw new PveError(`unable to find configuration file for VM ${vmid} on node '${node}'`);
  return vm;
}

export function checkLock(vm: Vm): void {
  const lock = vm.config.lock;
  if (lock !== undefined) throw new PveError(`VM is locked (${lock})`);
}

function setRunning(sim: Sim, vm: Vm, running: boolean, at: number): void {
  const lag = sim.timing.resourcesLag;
  // What the last broadcast before this change said stays visible until the next one.
  if (Math.floor(vm.changedAt / lag) < Math.floor(at / lag)) vm.before = vm.running;
  vm.running = running;
  vm.changedAt = at;
  vm.poweroffAt = null;
}

export function powerOn(sim: Sim, vm: Vm, at: number): void {
  for (const [key, value] of Object.entries(vm.pending)) {
    if (value === null) delete vm.config[key];
    else vm.config[key] = value;
  }
  vm.pending = {};
  setRunning(sim, vm, true, at);
  vm.runningSince = at;
}

export function powerOff(sim: Sim, vm: Vm, at: number): void {
  setRunning(sim, vm, false, at);
}

/** Sends the power button to the guest. */
export function pressPowerButton(sim: Sim, vm: Vm, at: number): void {
  if (vm.guest.shutdownMs === null || vm.poweroffAt !== null) return;
  vm.poweroffAt = at + vm.guest.shutdownMs;
  sim.agenda.add({ at: vm.poweroffAt, kind: 'guest', key: String(vm.vmid) });
}
