import { PveError } from '../errors.ts';
import { type Auth, demand, may } from '../privileges.ts';
import { type Call, pathVariable, type Route } from '../route.ts';
import { flag, type Rule, required, text, vmidRule } from '../schema.ts';
import { settle } from '../settle.ts';
import { isRunning, startTask } from '../tasks.ts';
import { checkActive, isOnNode, keyOn, loadStorage } from '../volumes.ts';
import type { Storage, Volume, World } from '../world.ts';

const GIB = 1024 ** 3;
const contentTypes = ['images', 'rootdir', 'backup', 'iso', 'vztmpl', 'snippets', 'import'];

function visibleStorages({ sim, auth }: Call): Storage[] {
  return Object.values(sim.world.storages).filter(({ id }) =>
    may(sim.world, auth, `/storage/${id}`, 'Datastore.Audit', 'Datastore.AllocateSpace'),
  );
}

function definitions(call: Call) {
  const storages = visibleStorages(call).filter(({ type }) => (call.params.type ?? type) === type);
  const data = storages.map(({ id, type, shared, content, nodes, enabled }) => ({
    storage: id,
    type,
    content: content.join(','),
    ...(shared ? { shared: 1 } : {}),
    ...(nodes === null ? {} : { nodes: nodes.join(',') }),
    ...(enabled ? {} : { disable: 1 }),
  }));
  return { data };
}

function onNode(call: Call) {
  const { content, enabled, storage: only } = call.params;
  const node = pathVariable(call, 'node');
  const storages = visibleStorages(call).filter(
    (storage) =>
      isOnNode(storage, node) &&
      (only === undefined || storage.id === only) &&
      (enabled !== '1' || storage.enabled) &&
      (content === undefined || content.split(',').some((type) => storage.content.includes(type))),
  );
  const data = storages.map((storage) => ({
    storage: storage.id,
    type: storage.type,
    content: storage.content.join(','),
    active: storage.active ? 1 : 0,
    enabled: storage.enabled ? 1 : 0,
    shared: storage.shared ? 1 : 0,
    used: 0,
    total: storage.active ? 500 * GIB : 0,
    avail: storage.active ? 500 * GIB : 0,
  }));
  return { data };
}

/** Who may not access a volume does not even see it. */
function mayAccess(world: World, auth: Auth, volume: Volume): boolean {
  const storage = `/storage/${volume.storage}`;
  if (may(world, auth, storage, 'Datastore.Allocate')) return true;
  const vm = `/vms/${volume.vmid}`;
  return volume.content === 'backup'
    ? may(world, auth, storage, 'Datastore.AllocateSpace') && may(world, auth, vm, 'VM.Backup')
    : may(world, auth, storage, 'Datastore.Audit') && may(world, auth, vm, 'VM.Config.Disk');
}

function activeStorage(call: Call): Storage {
  const storage = loadStorage(call.sim.world, pathVariable(call, 'storage'), pathVariable(call, 'node'));
  checkActive(storage);
  return storage;
}

function content(call: Call) {
  const { world } = call.sim;
  const storage = activeStorage(call);
  const node = pathVariable(call, 'node');
  const { content: type, vmid } = call.params;
  const volumes = Object.values(world.volumes).filter(
    (volume) =>
      volume.storage === storage.id &&
      (volume.node === null || volume.node === node) &&
      (type === undefined || volume.content === type) &&
      (vmid === undefined || volume.vmid === Number(vmid)) &&
      mayAccess(world, call.auth, volume),
  );
  const data = volumes.map((volume) => ({
    volid: volume.volid,
    vmid: volume.vmid,
    content: volume.content,
    format: volume.format,
    size: volume.size,
    ctime: volume.ctime,
    ...(volume.content === 'backup' ? { subtype: 'qemu' } : { parent: null, used: volume.size }),
    ...(volume.protected ? { protected: 1 } : {}),
    ...(volume.notes === undefined ? {} : { notes: volume.notes }),
  }));
  return { data };
}

/** A volume may be named with its storage or without. */
function volidOf(call: Call): string {
  const volume = pathVariable(call, 'volume');
  return volume.includes(':') ? volume : `${pathVariable(call, 'storage')}:${volume}`;
}

/** Backups need AllocateSpace and VM.Backup of their owner, everything else Datastore.Allocate. */
function checkRemoval(call: Call, volid: string): string {
  const { sim, auth } = call;
  const name = volid.slice(volid.indexOf(':') + 1);
  const storage = `/storage/${volid.split(':')[0]}`;
  const vmid = /^backup\/vzdump-qemu-(\d+)-/.exec(name)?.[1] ?? /(?:vm|base)-(\d+)-[^/]*$/.exec(name)?.[1];
  if (vmid === undefined) throw new PveError(`unable to parse directory volume name '${name}'`);
  if (!name.startsWith('backup/')) demand(sim.world, auth, storage, 'Datastore.Allocate');
  else if (!may(sim.world, auth, storage, 'Datastore.Allocate')) {
    demand(sim.world, auth, storage, 'Datastore.AllocateSpace');
    demand(sim.world, auth, `/vms/${vmid}`, 'VM.Backup');
  }
  return vmid;
}

async function remove(call: Call) {
  const { sim, auth, fate } = call;
  const node = pathVariable(call, 'node');
  const volid = volidOf(call);
  const storage = loadStorage(sim.world, volid.split(':')[0] ?? '', node);
  const vmid = checkRemoval(call, volid);
  const at = sim.clock.now();
  const id = `${vmid}@${storage.id}`;
  const args = { vmid: Number(vmid), params: {}, volume: volid };
  const task = startTask(sim, { at, node, type: 'imgdel', id, user: auth.id, args, fate });
  const patience = at + Number(call.params.delay ?? 0) * 1000;
  while (sim.clock.now() < patience && isRunning(task)) {
    await sim.clock.sleep(Math.max(1, Math.min(patience, sim.agenda.next() ?? patience) - sim.clock.now()));
    settle(sim);
  }
  if (isRunning(task)) return { data: task.upid };
  if (task.exitstatus !== 'OK') throw new PveError(task.exitstatus ?? '');
  return { data: null };
}

/** The VM's configuration inside a backup. */
function extractConfig(call: Call) {
  const { world } = call.sim;
  const volid = call.params.volume ?? '';
  const volume = world.volumes[keyOn(world, pathVariable(call, 'node'), volid)];
  const vmid = /vzdump-qemu-(\d+)-/.exec(volid)?.[1] ?? '';
  const storage = `/storage/${volid.split(':')[0]}`;
  if (!may(world, call.auth, storage, 'Datastore.Allocate')) {
    demand(world, call.auth, storage, 'Datastore.AllocateSpace');
    demand(world, call.auth, `/vms/${vmid}`, 'VM.Backup');
  }
  if (volume?.config === undefined) throw new PveError(`unable to extract configuration from '${volid}'`);
  return { data: volume.config };
}

const contentRule: Rule = {
  kind: 'string',
  format: (value) => (contentTypes.includes(value) ? null : `invalid format - invalid content type '${value}'\n`),
};
const storagePath = '/nodes/{node}/storage/{storage}/content';

export const storageRoutes: Route[] = [
  { method: 'GET', path: '/storage', params: { rules: { type: text } }, run: definitions },
  {
    method: 'GET',
    path: '/nodes/{node}/storage',
    params: { rules: { content: text, enabled: flag, format: flag, storage: text, target: text } },
    run: onNode,
  },
  {
    method: 'GET',
    path: storagePath,
    permission(call) {
      const id = pathVariable(call, 'storage');
      if (call.sim.world.storages[id] === undefined) return;
      demand(call.sim.world, call.auth, `/storage/${id}`, 'Datastore.Audit', 'Datastore.AllocateSpace');
    },
    params: { rules: { content: contentRule, vmid: vmidRule } },
    run: content,
  },
  {
    method: 'DELETE',
    path: `${storagePath}/{volume}`,
    params: { rules: { delay: { kind: 'integer', min: 1, max: 30 } } },
    run: remove,
  },
  {
    method: 'GET',
    path: '/nodes/{node}/vzdump/extractconfig',
    params: { rules: { volume: required(text) } },
    run: extractConfig,
  },
];
