import { removedContents } from './edits.ts';
import { keyText, type Rrset, type RrsetChange, type RrsetKey } from './provider.ts';
import type { RecordTask } from './task.ts';

/** A set that a task changes, and what the task takes away from it. */
export interface PlannedSet extends RrsetKey {
  readonly removes: readonly string[];
}

export interface PlannedTask {
  readonly task: RecordTask;
  /** Empty: everything is as it shall be. */
  readonly sets: readonly PlannedSet[];
}

/** The difference between a zone as it is and as the tasks want it. Each set is in `changes` once. */
export interface ZonePlan {
  readonly tasks: readonly PlannedTask[];
  readonly changes: readonly RrsetChange[];
}

export function keysOf({ name, edits }: RecordTask): RrsetKey[] {
  return edits.map(({ type }) => ({ name, type }));
}

/** What the tasks change in a zone whose sets are `current`. Several tasks may change one set, one after the other. */
export function planZone(tasks: readonly RecordTask[], current: readonly Rrset[]): ZonePlan {
  const sets = new Map(current.map((set) => [keyText(set), set]));
  const changes = new Map<string, RrsetChange>();
  const planned = tasks.map((task) => {
    const touched = task.edits.flatMap(({ type, edit }) => {
      const key = { name: task.name, type };
      const before = sets.get(keyText(key));
      const change = edit(before);
      if (change === undefined) return [];
      sets.set(keyText(key), change);
      changes.set(keyText(key), change);
      return [{ ...key, removes: removedContents(before, change) }];
    });
    return { task, sets: touched };
  });
  return { tasks: planned, changes: [...changes.values()] };
}

/** The same without having seen the zone: everything may have to change. */
export function planUnread(tasks: readonly RecordTask[]): PlannedTask[] {
  return tasks.map((task) => ({
    task,
    sets: task.edits.map(({ type, expected }) => ({ name: task.name, type, removes: expected })),
  }));
}
