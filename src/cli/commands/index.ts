import type { CommandSpec } from '../command.ts';
import { config } from './config.ts';
import { cron } from './cron.ts';
import { db } from './db.ts';
import { deleteRecord } from './delete-record.ts';
import { demo } from './demo.ts';
import { doctor } from './doctor.ts';
import { generate } from './generate.ts';
import { list } from './list.ts';
import { log } from './log.ts';
import { reset } from './reset.ts';
import { show } from './show.ts';
import { simulator } from './simulator.ts';
import { states } from './states.ts';
import { terminate } from './terminate.ts';

/** Every command, in the order of `vmctl --help`. */
export const commands: readonly CommandSpec[] = [
  cron,
  reset,
  deleteRecord,
  terminate,
  list,
  show,
  log,
  states,
  doctor,
  db,
  config,
  demo,
  simulator,
  generate,
];
