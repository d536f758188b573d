import type { Duty, DutyContext, DutyResult } from '../duties/duty.ts';
import { duties } from '../duties/registry.ts';
import { claimDuty, dueDuties, endDuty } from '../records/duties.ts';

/** Runs the duties that are due, each by one tick only. A duty that fails is told and tried again at its next time. */
export async function runDuties(context: DutyContext): Promise<void> {
  const due = await dueDuties(context.db);
  const runs = await Promise.allSettled(
    duties.filter(({ name }) => due.includes(name)).map((duty) => runDuty(context, duty)),
  );
  // All have ended before an error is told: the tick must not leave while one of them is at work.
  for (const run of runs) if (run.status === 'rejected') throw run.reason;
}

async function runDuty(context: DutyContext, duty: Duty): Promise<void> {
  const { db, token, note } = context;
  if (!(await claimDuty(db, duty.name, token))) return;
  let result: DutyResult;
  try {
    result = await duty.run(context);
  } catch (error) {
    if (context.signal.aborted) return;
    result = { did: `error: ${error instanceof Error ? error.message : String(error)}` };
    note(`  [${duty.name}] ${result.did}`);
  }
  await endDuty(db, duty.name, token, result.againInMs ?? duty.everyMs(context.settings), result.did);
}
