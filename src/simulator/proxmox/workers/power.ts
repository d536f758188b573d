import { configVolumes, isCdrom } from '../disks.ts';
import { fail, succeed } from '../ending.ts';
import { PveError } from '../errors.ts';
import { lockThen, vmLock } from '../flock.ts';
import { requestHaState } from '../ha.ts';
import { authOf, may } from '../privileges.ts';
import type { Sim } from '../sim.ts';
import { isRunning, proceed } from '../tasks.ts';
import { checkLock, loadVm, loadVmToCheckRunning, powerOff, powerOn, pressPowerButton } from '../vms.ts';
import { keyOn } from '../volumes.ts';
import type { Task, Vm } from '../world.ts';
import type { Phase, Worker } from './worker.ts';

/** Takes the VM's lock file as nearly every worker does, then goes on with `phase`. */
export function beginLocked(phase: string): Phase {
  return (sim, task, at) =>
    lockThen(sim, task, at, { key: vmLock(task.node, task.args.vmid), waitMs: sim.timing.flockWait, phase });
}

function checkDisks(sim: Sim, vm: Vm): void {
  for (const { key, drive } of configVolumes(vm.config)) {
    if (key.startsWith('unused') || isCdrom(drive)) continue;
    if (sim.world.volumes[keyOn(sim.world, vm.node, drive.volid)] === undefined) {
      throw new PveError(`volume '${drive.volid}' does not exist`);
    }
  }
}

function up(sim: Sim, task: Task, at: number): void {
  powerOn(sim, loadVm(sim.world, task.node, task.args.vmid), at);
  succeed(sim, task, at);
}

export const qmstart: Worker = {
  final: 'up',
  phases: {
    begin: beginLocked('check'),
    check(sim, task, at) {
      const vm = loadVm(sim.world, task.node, task.args.vmid);
      if (vm.config.template === 1) throw new PveError("you can't start a vm if it's a template");
      // A running VM that a backup has locked is resumed.
      if (vm.running && vm.config.lock === 'backup') return succeed(sim, task, at);
      checkLock(vm);
      if (vm.running) throw new PveError(`VM ${vm.vmid} already running`);
      task.log.push('generating cloud-init ISO');
      checkDisks(sim, vm);
      proceed(sim, task, 'up', at + sim.timing.start);
    },
    up,
  },
};

/** Aborts the VM's running shutdown tasks: one's own, all of them with Sys.Modify. */
function overruleShutdowns(sim: Sim, task: Task, at: number): void {
  const auth = authOf(task.user);
  const all = may(sim.world, auth, `/nodes/${task.node}`, 'Sys.Modify');
  const overruled = sim.world.tasks.filter(
    (other) =>
      other.type === 'qmshutdown' &&
      isRunning(other) &&
      other.node === task.node &&
      other.id === task.id &&
      (all || other.user === task.user),
  );
  for (const other of overruled) fail(sim, other, at, 'received interrupt');
  if (overruled.length > 0)
    task.log.push(`overruled qmshutdown tasks: ${overruled.map(({ upid }) => upid).join(', ')}`);
}

/** The VM of a stop or shutdown that has the lock; ends the task if there is nothing to do. */
function stillRunning(sim: Sim, task: Task, at: number): Vm | undefined {
  const vm = loadVmToCheckRunning(sim.world, task.node, task.args.vmid);
  if (vm.running) {
    checkLock(vm);
    return vm;
  }
  succeed(sim, task, at);
  return undefined;
}

export const qmstop: Worker = {
  final: 'down',
  phases: {
    begin(sim, task, at) {
      if (task.args.params['overrule-shutdown'] === '1') overruleShutdowns(sim, task, at);
      beginLocked('quit')(sim, task, at);
    },
    quit(sim, task, at) {
      if (stillRunning(sim, task, at) !== undefined) proceed(sim, task, 'down', at + sim.timing.stop);
    },
    down(sim, task, at) {
      powerOff(sim, loadVmToCheckRunning(sim.world, task.node, task.args.vmid), at);
      proceed(sim, task, 'cleaned', at + sim.timing.cleanup);
    },
    cleaned: succeed,
  },
};

const shutdownPhases: Record<string, Phase> = {
  begin: beginLocked('ping'),
  ping(sim, task, at) {
    const vm = stillRunning(sim, task, at);
    if (vm === undefined) return;
    const agent = /^1|enabled=1/.test(String(vm.config.agent ?? ''));
    const silent = agent && !vm.guest.agent;
    if (silent) {
      const reason = `VM ${vm.vmid} qga command 'guest-ping' failed - got timeout`;
      task.log.push(`QEMU Guest Agent is not running - ${reason}`);
    }
    proceed(sim, task, 'button', at + (silent ? sim.timing.agentPing : 0));
  },
  button(sim, task, at) {
    const vm = loadVmToCheckRunning(sim.world, task.node, task.args.vmid);
    pressPowerButton(sim, vm, at);
    task.args.deadline = at + Number(task.args.params.timeout ?? 60) * 1000;
    proceed(sim, task, 'wait', Math.min(task.args.deadline, vm.poweroffAt ?? task.args.deadline));
  },
  wait(sim, task, at) {
    const vm = loadVmToCheckRunning(sim.world, task.node, task.args.vmid);
    if (!vm.running) return down(sim, task, at);
    const deadline = task.args.deadline ?? at;
    if (at < deadline) return proceed(sim, task, 'wait', deadline);
    if (task.args.params.forceStop !== '1') throw new PveError('VM quit/powerdown failed - got timeout');
    task.log.push('VM still running - terminating now with SIGTERM');
    proceed(sim, task, 'killed', at + sim.timing.kill);
  },
  killed(sim, task, at) {
    powerOff(sim, loadVmToCheckRunning(sim.world, task.node, task.args.vmid), at);
    down(sim, task, at);
  },
  cleaned: succeed,
};

function down(sim: Sim, task: Task, at: number): void {
  if (task.type === 'qmreboot') proceed(sim, task, 'up', at + sim.timing.start);
  else proceed(sim, task, 'cleaned', at + sim.timing.cleanup);
}

export const qmshutdown: Worker = { final: 'wait', phases: shutdownPhases };

export const qmreboot: Worker = { final: 'wait', phases: { ...shutdownPhases, up } };

/** A VM under HA: the task tells the manager and is done; the manager acts later. */
function tellManager(state: 'request_stop' | 'request_start'): Phase {
  return (sim, task, at) => {
    const vm = loadVm(sim.world, task.node, task.args.vmid);
    if (vm.ha !== null) requestHaState(sim, vm, vm.ha, at, { state, timeout: Number(task.args.params.timeout ?? 0) });
    succeed(sim, task, at);
  };
}

export const hastop: Worker = { final: 'begin', phases: { begin: tellManager('request_stop') } };
export const hastart: Worker = { final: 'begin', phases: { begin: tellManager('request_start') } };
