import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../../src/base/clock.ts';
import type { Finding } from '../../../src/doctor/finding.ts';
import { checks } from '../../../src/doctor/registry.ts';
import { type Diagnosis, runDoctor } from '../../../src/doctor/run.ts';
import { clockOf } from '../../../src/settings/clock-setting.ts';
import { loadSettings } from '../../../src/settings/load.ts';
import type { Site } from '../../support/site.ts';

export interface Examined extends Diagnosis {
  /** The findings about one subject, in the words of a line of output and its cure. */
  about(subject: string): string[];
  /** Everything that is not fine. */
  readonly wrong: string[];
}

function text({ state, subject, found, cure }: Finding): string {
  return `${state} ${subject}: ${found}${cure === undefined ? '' : ` => ${cure}`}`;
}

/** Runs some of doctor's checks (by name) on the site, after its YAML file, environment or clock was changed. */
export async function examine(
  site: Site,
  names: readonly string[],
  broken: { yaml?: (text: string) => string; env?: Record<string, string>; clock?: (own: Clock) => Clock } = {},
): Promise<Examined> {
  const file = join(site.folder, 'examined.yaml');
  writeFileSync(file, (broken.yaml ?? ((same) => same))(readFileSync(site.config, 'utf8')), { mode: 0o600 });
  const env = { ...site.env, VMCTL_CONFIG: file, ...broken.env };
  const settings = loadSettings({ env, cwd: site.folder, flags: {} });
  const own = clockOf(settings.clock);
  const clock = broken.clock?.(own) ?? own;
  const diagnosis = await runDoctor(
    { settings, clock, random: () => 0.5, env, cwd: site.folder, compileCache: site.folder },
    checks.filter(({ name }) => names.includes(name)),
  );
  return {
    ...diagnosis,
    about: (subject) => diagnosis.findings.filter((one) => one.subject === subject).map(text),
    wrong: diagnosis.findings.filter(({ state }) => state !== 'ok').map(text),
  };
}
