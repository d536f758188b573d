import { parameterError } from '../errors.ts';
import { demand } from '../privileges.ts';
import { type Call, pathVariable, type Route, target } from '../route.ts';
import { flag } from '../schema.ts';
import { startTask } from '../tasks.ts';
import { loadVm } from '../vms.ts';
import { checkDestroyable } from '../workers/destroy.ts';

function destroy(call: Call) {
  const { sim, auth, params, fate } = call;
  const { node, vmid } = target(call);
  // A token of root is not root.
  if (params.skiplock === '1' && auth.id !== 'root@pam') {
    throw parameterError({ skiplock: 'Only root may use this option.' });
  }
  checkDestroyable(loadVm(sim.world, node, vmid), params.purge === '1');
  const at = sim.clock.now();
  const id = String(vmid);
  return {
    data: startTask(sim, { at, node, type: 'qmdestroy', id, user: auth.id, args: { vmid, params }, fate }).upid,
  };
}

export const destroyRoutes: Route[] = [
  {
    method: 'DELETE',
    path: '/nodes/{node}/qemu/{vmid}',
    permission: (call) => demand(call.sim.world, call.auth, `/vms/${pathVariable(call, 'vmid')}`, 'VM.Allocate'),
    params: { rules: { purge: flag, 'destroy-unreferenced-disks': flag, skiplock: flag } },
    run: destroy,
  },
];
