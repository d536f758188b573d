import type { Sim } from '../sim.ts';
import type { Task } from '../world.ts';

export type Phase = (sim: Sim, task: Task, at: number) => void;

/** What a task does, phase by phase. A phase throws a `PveError` to fail the task. */
export interface Worker {
  phases: Record<string, Phase>;
  /** The phase that has the effect; a fate strikes here. */
  final: string;
  /** Undoes what is half done, when the task fails or is stopped; returns the start of the error text. */
  undo?: (sim: Sim, task: Task) => string;
  /** What a SIGKILL in the final phase leaves behind. */
  killed?: (sim: Sim, task: Task) => void;
}
