import { configVolumes, isCdrom } from '../disks.ts';
import { PveError, parameterError, permissionError } from '../errors.ts';
import { demand, may } from '../privileges.ts';
import { type Call, pathVariable, type Route, target } from '../route.ts';
import { count, dnsName, flag, required, text, vmidRule } from '../schema.ts';
import { isAtLeast } from '../sim.ts';
import { startTask } from '../tasks.ts';
import { checkLock, loadVmToCheckRunning } from '../vms.ts';
import { loadStorage } from '../volumes.ts';
import { isFullClone } from '../workers/clone.ts';
import type { Storage, Vm } from '../world.ts';

function mayClone({ sim, auth, params, ...call }: Call): void {
  demand(sim.world, auth, `/vms/${call.path.vmid}`, 'VM.Clone');
  const { pool, newid } = params;
  if (pool !== undefined && !sim.world.pools.includes(pool)) {
    throw new PveError(`Permission check failed (pool '${pool}' does not exist)`, 403);
  }
  const byId = newid !== undefined && may(sim.world, auth, `/vms/${newid}`, 'VM.Allocate');
  const byPool = pool !== undefined && may(sim.world, auth, `/pool/${pool}`, 'VM.Allocate');
  // Without newid the parameter check has the better answer.
  if (newid !== undefined && !byId && !byPool) throw new PveError('Permission check failed', 403);
}

function checkStorage(call: Call, id: string): Storage {
  const storage = loadStorage(call.sim.world, id, pathVariable(call, 'node'));
  if (!storage.content.includes('images')) {
    throw parameterError({ storage: `storage '${id}' does not support vm images` });
  }
  demand(call.sim.world, call.auth, `/storage/${id}`, 'Datastore.AllocateSpace');
  return storage;
}

function checkNetworks(call: Call, source: Vm): void {
  if (!isAtLeast(call.sim.world, 8)) return;
  for (const [key, value] of Object.entries(source.config)) {
    if (!/^net\d+$/.test(key)) continue;
    const bridge = /bridge=([^,]+)/.exec(String(value))?.[1];
    const tag = /tag=(\d+)/.exec(String(value))?.[1];
    if (bridge === undefined) continue;
    const path = `/sdn/zones/localnetwork/${bridge}${tag === undefined ? '' : `/${tag}`}`;
    if (!may(call.sim.world, call.auth, path, 'SDN.Use')) throw permissionError(path, 'SDN.Use');
  }
}

/** Another node can only take a clone if every disk, old and new, is on shared storage. */
function checkTarget(call: Call, storages: Storage[]): void {
  const { target: node } = call.params;
  if (node === undefined || node === pathVariable(call, 'node')) return;
  const found = call.sim.world.nodes[node];
  if (found?.online !== true) throw new PveError(`no such cluster node '${node}'`);
  const local = storages.find((storage) => !storage.shared);
  if (local === undefined) return;
  const given = call.params.storage === local.id;
  throw new PveError(
    given
      ? `can't clone to non-shared storage '${local.id}'`
      : `can't clone VM to node '${node}' (VM uses local storage)`,
  );
}

function clone(call: Call) {
  const { sim, params, auth, fate } = call;
  const { node, vmid } = target(call);
  const { storage, full, newid = '' } = params;
  const source = loadVmToCheckRunning(sim.world, node, vmid);
  if (params.snapname !== undefined) throw new PveError(`snapshot '${params.snapname}' does not exist`);
  const wantsFull = isFullClone(source, full);
  for (const key of ['storage', 'format']) {
    if (!wantsFull && params[key] !== undefined) throw new PveError(`parameter '${key}' not allowed for linked clones`);
  }
  checkLock(source);
  const drives = configVolumes(source.config).filter(({ key }) => !key.startsWith('unused'));
  const disks = drives.filter(({ drive }) => !isCdrom(drive));
  const unlinkable = disks.find(() => !wantsFull && source.config.template !== 1);
  if (unlinkable !== undefined) {
    throw new PveError(`Linked clone feature is not supported for '${unlinkable.drive.volid}' (${unlinkable.key})`);
  }
  const ids = new Set([
    ...(storage === undefined ? [] : [storage]),
    ...disks.map(({ drive }) => storage ?? drive.volid.split(':')[0] ?? ''),
  ]);
  checkTarget(
    call,
    [...ids].map((id) => checkStorage(call, id)),
  );
  checkNetworks(call, source);
  if (sim.world.vms[newid]?.node === node)
    throw new PveError(`unable to create VM ${newid}: config file already exists`);
  const at = sim.clock.now();
  const args = { vmid, params };
  return { data: startTask(sim, { at, node, type: 'qmclone', id: String(vmid), user: auth.id, args, fate }).upid };
}

export const cloneRoutes: Route[] = [
  {
    method: 'POST',
    path: '/nodes/{node}/qemu/{vmid}/clone',
    permission: mayClone,
    params: {
      rules: {
        newid: required(vmidRule),
        name: dnsName,
        description: text,
        pool: text,
        snapname: { kind: 'string', maxLength: 40 },
        storage: text,
        format: { kind: 'string', oneOf: ['raw', 'qcow2', 'vmdk'] },
        full: flag,
        target: text,
        bwlimit: count,
      },
    },
    run: clone,
  },
];
