import type { Sim } from './sim.ts';
import { startTask } from './tasks.ts';
import type { Ha, Vm } from './world.ts';

/** Asks the HA manager for a state; it acts in its next round. */
export function requestHaState(
  sim: Sim,
  vm: Vm,
  ha: Ha,
  at: number,
  wanted: { state: 'request_stop' | 'request_start'; timeout: number },
): void {
  ha.state = wanted.state;
  ha.timeout = wanted.timeout;
  ha.actAt = at + sim.timing.haRound;
  sim.agenda.add({ at: ha.actAt, kind: 'ha', key: String(vm.vmid) });
}

/** The manager's round: the real work is a task of root, not of whoever asked. */
export function runHaManager(sim: Sim, vm: Vm, ha: Ha, at: number): void {
  ha.actAt = null;
  const starting = ha.state === 'request_start';
  const type = starting ? 'qmstart' : ha.timeout > 0 ? 'qmshutdown' : 'qmstop';
  const params: Record<string, string> = type === 'qmshutdown' ? { timeout: String(ha.timeout), forceStop: '1' } : {};
  ha.state = starting ? 'started' : 'stopped';
  startTask(sim, { at, node: vm.node, type, id: String(vm.vmid), user: 'root@pam', args: { vmid: vm.vmid, params } });
}
