import type { Clock } from '../../src/base/clock.ts';
import { createProxmoxSimulator, type ProxmoxSimulator } from '../../src/simulator/proxmox/index.ts';

/** The time of a replay: stands still but for what is slept and what the recording says. */
export function replayClock(start: number): Clock & { reach(ms: number): void } {
  let now = start;
  return {
    now: () => now,
    monotonic: () => now - start,
    sleep: async (ms) => {
      now += ms;
    },
    reach(ms) {
      now = Math.max(now, ms);
    },
  };
}

export interface Stage {
  readonly simulator: ProxmoxSimulator;
  /** The Authorization header of each name that the recording uses. */
  readonly headers: Readonly<Record<string, string>>;
}

const panel = [
  'Datastore.Allocate',
  'Datastore.AllocateSpace',
  'Datastore.Audit',
  'Pool.Audit',
  'SDN.Use',
  'Sys.Audit',
  'VM.Allocate',
  'VM.Audit',
  'VM.Backup',
  'VM.Clone',
  'VM.Config.CDROM',
  'VM.Config.CPU',
  'VM.Config.Cloudinit',
  'VM.Config.Disk',
  'VM.Config.HWType',
  'VM.Config.Memory',
  'VM.Config.Network',
  'VM.Config.Options',
  'VM.Console',
  'VM.PowerMgmt',
  'VM.Snapshot',
];

/** The machine of the recording before its first request: one node, a template with cloud-init, users and tokens. */
export async function setStage(clock: Clock): Promise<Stage> {
  const simulator = createProxmoxSimulator({
    clock,
    nodes: ['pve1'],
    // The recorder looked at lists later than it could have.
    timing: { taskListLag: 0 },
    storages: [
      { id: 'local', content: ['backup', 'import', 'snippets', 'vztmpl', 'iso'] },
      { id: 'vmstore', content: ['images', 'rootdir'] },
      { id: 'store2', content: ['images', 'backup'] },
    ],
  });
  const acl = [{ path: '/', privileges: panel }];
  simulator.addUser({ userid: 'root@pam', password: 'root-password', acl: [] });
  simulator.addUser({ userid: 'panel@pve', password: 'secretpw1', acl });
  const token = (id: string, options: { privsep?: boolean; expire?: number; acl?: typeof acl }) =>
    simulator.addToken({ id, acl: [], ...options }).header;
  const headers = {
    root: token('root@pam!cli', { privsep: false }),
    panel: token('panel@pve!t1', { privsep: false }),
    weak: token('weak@pve!t1', { privsep: false }),
    sep: token('panel@pve!sep', { privsep: true }),
    exp: token('panel@pve!exp', { privsep: false, expire: 1 }),
  };
  await addTemplate(simulator, clock, headers.panel);
  return { simulator, headers };
}

async function addTemplate(simulator: ProxmoxSimulator, clock: Clock, authorization: string): Promise<void> {
  const config = {
    agent: '1',
    cores: 1,
    cpu: 'qemu64',
    kvm: 0,
    memory: '256',
    meta: 'creation-qemu=7.2.22,ctime=1795311689',
    serial0: 'socket',
  };
  simulator.addVm({ vmid: 9000, name: 'tmpl', storage: 'vmstore', diskSize: 1024 ** 3, config });
  const headers = { authorization, 'content-type': 'application/x-www-form-urlencoded' };
  const url = '/api2/json/nodes/pve1/qemu/9000';
  await simulator.handle({ method: 'PUT', url: `${url}/config`, headers, body: 'ide2=vmstore:cloudinit' });
  await simulator.handle({ method: 'POST', url: `${url}/template`, headers, body: '' });
  await clock.sleep(10_000);
}
