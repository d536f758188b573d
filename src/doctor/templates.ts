import type { VmResource } from '../proxmox/nodes.ts';
import type { Check, DoctorContext } from './context.ts';
import { failure, type Observation, ok } from './finding.ts';

interface Reading {
  readonly name: string;
  readonly templates: readonly number[];
  readonly vms: ReadonlyMap<number, VmResource>;
}

async function readAll({ clusters }: DoctorContext): Promise<Reading[]> {
  const readings = clusters.map(async ({ settings: { name, templates }, open }) => {
    const cluster = await open();
    if (cluster === undefined) return [];
    return [{ name, templates, vms: new Map((await cluster.vmResources()).map((vm) => [vm.vmid, vm])) }];
  });
  return (await Promise.all(readings)).flat();
}

function examine(reading: Reading, vmid: number, all: readonly Reading[]): Observation[] {
  const subject = `${reading.name} ${vmid}`;
  const vm = reading.vms.get(vmid);
  if (vm?.template) return [ok(subject, `${vm.name ?? 'the template'} on ${vm.node}`)];
  if (vm !== undefined) {
    const cure = `make it one (qm template ${vmid}), or name another in the YAML file`;
    return [failure(subject, `VM ${vmid} (${vm.name ?? 'no name'}) is no template`, cure)];
  }
  // A package names its template once, whatever cluster it is on.
  if (all.some((other) => other !== reading && other.vms.get(vmid)?.template)) return [];
  const cure = `make the template, or correct \`templates\`, \`packages\` or PROXMOX_TEMPLATE_ID; the token needs VM.Audit on /vms/${vmid}`;
  return [failure(subject, `there is no VM ${vmid} that this token can see`, cure)];
}

export const templates: Check = {
  name: 'templates',
  looksAt: 'the configured templates are there and are templates',
  async run(context) {
    const readings = await readAll(context);
    return readings.flatMap((reading) => reading.templates.flatMap((vmid) => examine(reading, vmid, readings)));
  },
};
