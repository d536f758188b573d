import { trimModuleLog } from '../records/module-log.ts';
import { keptRuns, trimLog } from '../records/vm-log.ts';
import type { Duty } from './duty.ts';

const dayMs = 86_400_000;
/** Days that vmctl's own entries stay in WHMCS's Module Log. */
const moduleLogDays = 30;

/** Keeps the logs from growing without bound; only what vmctl itself has written is deleted. */
export const retention: Duty = {
  name: 'retention',
  everyMs: () => dayMs,
  async run({ db }) {
    const runs = await trimLog(db, keptRuns);
    const entries = await trimModuleLog(db, moduleLogDays);
    return { did: `${runs} runs and ${entries} module log entries deleted` };
  },
};
