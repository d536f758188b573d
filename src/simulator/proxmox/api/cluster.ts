import { cpuCount, vmFigures } from '../config-view.ts';
import { parameterError } from '../errors.ts';
import { nodeFigures } from '../node-figures.ts';
import { demand, may } from '../privileges.ts';
import type { Call, Route } from '../route.ts';
import { vmidRule } from '../schema.ts';
import type { Sim } from '../sim.ts';
import type { Vm } from '../world.ts';

const releases = {
  '7.4': { version: '7.4-17', release: '7.4', repoid: '513c62be' },
  '8.4': { version: '8.4.11', release: '8.4', repoid: '14a32011146091ed' },
  '9.2': { version: '9.2.11', release: '9.2', repoid: '14a22df35955d97d' },
};

/** What the last status broadcast of the VM's node said: older than the truth, and nothing about a VM made since. */
function lastBroadcast(sim: Sim, vm: Vm): { running: boolean } | null {
  const { resourcesLag, resourcesStale } = sim.timing;
  const now = sim.clock.now();
  const downSince = sim.world.nodes[vm.node]?.downSince ?? null;
  if (downSince !== null && now - downSince > resourcesStale) return null;
  const sent = Math.floor((downSince ?? now) / resourcesLag) * resourcesLag;
  if (vm.createdAt > sent) return null;
  return { running: vm.changedAt > sent ? vm.before : vm.running };
}

function vmResource(sim: Sim, vm: Vm) {
  const head = { id: `qemu/${vm.vmid}`, type: 'qemu', vmid: vm.vmid, node: vm.node };
  const immediate = {
    ...(vm.pool === null ? {} : { pool: vm.pool }),
    ...(vm.config.lock === undefined ? {} : { lock: vm.config.lock }),
    ...(vm.config.tags === undefined ? {} : { tags: vm.config.tags }),
    ...(vm.ha === null ? {} : { hastate: vm.ha.state }),
  };
  const known = lastBroadcast(sim, vm);
  if (known === null) return { ...head, ...immediate, status: 'unknown' };
  const template = vm.config.template === 1 ? 1 : 0;
  const figures = vmFigures(vm, known.running, sim.clock.now());
  return { ...figures, ...head, ...immediate, template, maxcpu: cpuCount(vm), diskread: 0, diskwrite: 0 };
}

function resources({ sim, auth, params }: Call) {
  const { world } = sim;
  const type = params.type;
  const vms = Object.values(world.vms).filter((vm) => may(world, auth, `/vms/${vm.vmid}`, 'VM.Audit'));
  const nodes = Object.values(world.nodes).map((node) => nodeFigures(sim, auth, node));
  const storages = Object.values(world.storages).filter((storage) =>
    may(world, auth, `/storage/${storage.id}`, 'Datastore.Audit', 'Datastore.AllocateSpace'),
  );
  const places = storages.flatMap((storage) =>
    (storage.nodes ?? Object.keys(world.nodes)).map((node) => ({
      id: `storage/${node}/${storage.id}`,
      type: 'storage',
      node,
      storage: storage.id,
      status: storage.active ? 'available' : 'unknown',
      plugintype: storage.type,
      shared: storage.shared ? 1 : 0,
      content: storage.content.join(','),
      ...(storage.active ? { disk: 0, maxdisk: 500 * 1024 ** 3 } : {}),
    })),
  );
  const data = [
    ...(type === undefined || type === 'vm' ? vms.map((vm) => vmResource(sim, vm)) : []),
    ...(type === undefined || type === 'node' ? nodes : []),
    ...(type === undefined || type === 'storage' ? places : []),
  ];
  return { data };
}

/** The lowest free VMID from 100, as text; with `vmid`, that one if it is free. Reserves nothing. */
function nextId({ sim, params }: Call) {
  const { vms } = sim.world;
  const wanted = params.vmid;
  if (wanted !== undefined) {
    if (vms[wanted] !== undefined) throw parameterError({ vmid: `VM ${wanted} already exists` });
    return { data: wanted };
  }
  let free = 100;
  while (vms[free] !== undefined) free += 1;
  return { data: String(free) };
}

function status({ sim, entry }: Call) {
  const { clusterName, quorate } = sim.world;
  const nodes = Object.values(sim.world.nodes).map(({ name, ip, online }, index) => ({
    type: 'node',
    id: `node/${name}`,
    name,
    ip,
    nodeid: clusterName === undefined ? 0 : index + 1,
    online: online ? 1 : 0,
    local: name === entry ? 1 : 0,
    level: '',
  }));
  if (clusterName === undefined) return { data: nodes };
  const cluster = { type: 'cluster', id: 'cluster', name: clusterName, nodes: nodes.length, quorate: quorate ? 1 : 0 };
  return { data: [{ ...cluster, version: nodes.length }, ...nodes] };
}

export const clusterRoutes: Route[] = [
  { method: 'GET', path: '/version', run: ({ sim }) => ({ data: releases[sim.world.release] }) },
  {
    method: 'GET',
    path: '/cluster/resources',
    params: { rules: { type: { kind: 'string', oneOf: ['vm', 'storage', 'node', 'sdn'] } } },
    run: resources,
  },
  { method: 'GET', path: '/cluster/nextid', params: { rules: { vmid: vmidRule } }, run: nextId },
  {
    method: 'GET',
    path: '/cluster/status',
    permission: ({ sim, auth }) => demand(sim.world, auth, '/', 'Sys.Audit'),
    run: status,
  },
];
