import type { PlannedTask } from './plan.ts';
import type { DnsErrorKind, RrsetKey } from './provider.ts';
import type { RecordResult } from './task.ts';

export interface Failure {
  readonly kind: DnsErrorKind;
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
  const [first] = failed;
  const written = failed.length < planned.sets.length;
  if (first === undefined) return { ...result, ok: true, written, leftovers: [] };
  return {
    ...result,
    ok: false,
    written,
    error: first.failure.message.replace(/\s+/g, ' '),
    permanent: failed.every(({ failure }) => failure.kind === 'permanent'),
    leftovers:
      subject.change === 'set'
        ? []
        : failed
            .filter(({ set }) => set.removes.length > 0)
            .map(({ set: { name, type, removes } }) => ({
              provider: zone.provider,
              zone: zone.zone,
              name,
              type,
              content: removes,
            })),
  };
}
