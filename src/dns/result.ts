import type { ZoneSettings } from '../settings/types.ts';
import type { PlannedSet, PlannedTask } from './plan.ts';
import type { FailureKind, RrsetKey } from './provider.ts';
import type { DeferredDeletion, RecordResult } from './task.ts';

export interface Failure {
  readonly kind: FailureKind;
  readonly message: string;
}

/** What became of a task, given what became of each set that it changes. */
export function toResult(planned: PlannedTask, failureOf: (set: RrsetKey) => Failure | undefined): RecordResult {
  const { zone, edits: _, ...subject } = planned.task;
  const result = { ...subject, provider: zone.provider, zone: zone.zone };
  const failed = planned.sets.flatMap((set) => {
    const failure = failureOf(set);
    return failure === undefined ? [] : [{ set, failure }];
  });
  const written = failed.length < planned.sets.length;
  if (failed.length === 0) return { ...result, ok: true, written, leftovers: [] };
  const open = failed.filter(({ failure }) => failure.kind !== 'refused');
  return {
    ...result,
    ok: false,
    written,
    error: joinReasons(failed.map(({ failure }) => failure.message)),
    refused: open.length === 0,
    leftovers: subject.change === 'set' ? [] : open.flatMap(({ set }) => toLeftover(zone, set)),
  };
}

function toLeftover({ provider, zone }: ZoneSettings, { name, type, removes }: PlannedSet): DeferredDeletion[] {
  return removes.length === 0 ? [] : [{ provider, zone, name, type, content: removes }];
}

/** Each reason once, in one line. */
export function joinReasons(reasons: readonly string[]): string {
  return [...new Set(reasons)].join('; ').replace(/\s+/g, ' ');
}
