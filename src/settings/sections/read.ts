import { type Checking, isMap, reportUnknown, reportWrong } from '../check.ts';
import type { OptionValues } from '../table.ts';
import type { ClusterSettings, Settings } from '../types.ts';
import { readClusters } from './clusters.ts';
import { readDns } from './dns.ts';
import { readPackages } from './packages.ts';
import { readPools } from './pools.ts';

export type Sections = Pick<Settings, 'clusters' | 'dns' | 'pools' | 'packages'>;

/** Top-level keys of the YAML and what they hold. */
const topLevel: Readonly<Record<string, 'a map' | 'a list'>> = {
  settings: 'a map',
  clusters: 'a map',
  dns: 'a map',
  pools: 'a list',
  packages: 'a list',
};

function shapeOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'a map' : 'a value';
}

function checkTopLevel(checking: Checking): void {
  const { data } = checking.file;
  if (data === undefined || data === null) return;
  if (!isMap(data)) reportWrong(checking, [], `a map with ${Object.keys(topLevel).join(', ')}`);
  for (const [key, section] of Object.entries(isMap(data) ? data : {})) {
    const expected = topLevel[key];
    if (expected === undefined) reportUnknown(checking, [key], Object.keys(topLevel));
    else if (section !== null && shapeOf(section) !== expected) reportWrong(checking, [key], expected);
  }
}

/** `clusters` with every template that is known in the list of those never touched. */
function protectTemplates(clusters: readonly ClusterSettings[], templates: readonly number[]): ClusterSettings[] {
  return clusters.map((cluster) => ({ ...cluster, templates: [...new Set([...cluster.templates, ...templates])] }));
}

/** Everything in the YAML but its `settings:`. What is wrong is reported and left out. */
export function readSections(checking: Checking, options: OptionValues): Sections {
  checkTopLevel(checking);
  const clusters = readClusters(checking, options);
  const packages = readPackages(checking, options);
  const templates = packages.map(({ template }) => template);
  if (options.proxmoxTemplateId !== undefined) templates.push(options.proxmoxTemplateId);
  return {
    clusters: protectTemplates(clusters, templates),
    dns: readDns(checking),
    pools: readPools(checking),
    packages,
  };
}
