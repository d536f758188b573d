import type { ClusterSettings } from '../settings/types.ts';
import type { Check, DoctorContext } from './context.ts';
import { type Observation, ok, warning } from './finding.ts';

interface Range {
  readonly settings: ClusterSettings;
  /** Shared storages that can hold images. */
  readonly shared: readonly string[];
}

async function readRanges({ clusters }: DoctorContext): Promise<Range[]> {
  const ranges = clusters.map(async ({ settings, open }) => {
    const storages = (await (await open())?.storageResources()) ?? [];
    const shared = storages.filter((storage) => storage.shared && storage.content.includes('images'));
    return { settings, shared: [...new Set(shared.map(({ storage }) => storage))] };
  });
  return Promise.all(ranges);
}

function inside({ settings: { name, vmids, templates } }: Range): Observation {
  const subject = `${name} ${vmids.start} to ${vmids.end - 1}`;
  const within = templates.filter((vmid) => vmid >= vmids.start && vmid < vmids.end);
  if (within.length === 0) return ok(subject, `${vmids.end - vmids.start} VMIDs`);
  const found = `templates are inside the range of VMIDs that are given out: ${within.join(', ')}`;
  return warning(subject, `${found} (never touched, but a human may wonder)`, 'set `vmids` so that they are outside');
}

/** Two clusters name the images of a VMID alike: on one storage the second VM would meet the disks of the first. */
function overlap(one: Range, other: Range): Observation[] {
  const [a, b] = [one.settings, other.settings];
  const storages = one.shared.filter((storage) => other.shared.includes(storage));
  if (a.vmids.start >= b.vmids.end || b.vmids.start >= a.vmids.end || storages.length === 0) return [];
  const found = `their ranges of VMIDs overlap, and both have the shared storage ${storages.join(', ')}`;
  const cure = `give them ranges of their own (\`vmids\`), unless ${storages.join(', ')} is another one in each`;
  return [warning(`${a.name} and ${b.name}`, found, cure)];
}

export const vmids: Check = {
  name: 'VMIDs',
  looksAt: 'the range of each cluster; ranges that overlap where two clusters share a storage',
  async run(context) {
    const ranges = await readRanges(context);
    const pairs = ranges.flatMap((one, index) => ranges.slice(index + 1).flatMap((other) => overlap(one, other)));
    return [...ranges.map(inside), ...pairs];
  },
};
