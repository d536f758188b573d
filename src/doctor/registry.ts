import { clocks } from './clocks.ts';
import { clusterState } from './cluster-state.ts';
import type { Check } from './context.ts';
import { database } from './database.ts';
import { entryPoints } from './entry-points.ts';
import { files } from './files.ts';
import { folders } from './folders.ts';
import { grants } from './grants.ts';
import { installation } from './installation.ts';
import { clusterRights } from './rights.ts';
import { tables } from './tables.ts';
import { templates } from './templates.ts';
import { timeZone } from './time-zone.ts';
import { vmids } from './vmids.ts';
import { zoneCoverage } from './zone-coverage.ts';
import { zones } from './zones.ts';

/** Every check, in the order of the output. */
export const checks: readonly Check[] = [
  database,
  installation,
  tables,
  grants,
  timeZone,
  entryPoints,
  clusterRights,
  clusterState,
  templates,
  vmids,
  clocks,
  zones,
  zoneCoverage,
  files,
  folders,
];

/** The list for the documentation, as Markdown. */
export function checkList(): string {
  const rows = checks.map(({ name, looksAt }) => `| ${name} | ${looksAt} |`);
  return ['| check | looks at |', '| --- | --- |', ...rows].join('\n');
}
