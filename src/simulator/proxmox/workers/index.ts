import { qmconfig, qmtemplate, resize } from './change.ts';
import { qmclone } from './clone.ts';
import { qmdestroy } from './destroy.ts';
import { imgdel } from './imgdel.ts';
import { hastart, hastop, qmreboot, qmshutdown, qmstart, qmstop } from './power.ts';
import type { Worker } from './worker.ts';

/** Every kind of task, by the type in its UPID. */
export const workers: Record<string, Worker> = {
  hastart,
  hastop,
  imgdel,
  qmclone,
  qmconfig,
  qmdestroy,
  qmreboot,
  qmshutdown,
  qmstart,
  qmstop,
  qmtemplate,
  resize,
};
