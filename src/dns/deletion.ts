import type { ZoneSettings } from '../settings/types.ts';
import { parseAddress } from './addresses.ts';
import { withoutContents } from './edits.ts';
import { normalizeName } from './names.ts';
import type { DnsPorts } from './ports.ts';
import { isRecordType } from './provider.ts';
import { joinReasons } from './result.ts';
import { runTasks } from './run.ts';
import type { DeferredDeletion, RecordResult, RecordTask } from './task.ts';

/** What became of a deferred deletion. */
export interface DeletionResult<E extends DeferredDeletion> {
  readonly entry: E;
  readonly ok: boolean;
  /** To be forgotten: done, refused for good wherever it is left, or in no configured zone any more. */
  readonly final: boolean;
  readonly error?: string | undefined;
}

/**
 * Tries deferred deletions again, on every configured zone of that provider and name. Only the remembered content is
 * deleted: a record that belongs to a new owner by now stays. Results are in the order of `entries`.
 */
export async function retryDeletion<E extends DeferredDeletion>(
  entries: readonly E[],
  zones: readonly ZoneSettings[],
  ports: DnsPorts,
  signal?: AbortSignal,
): Promise<DeletionResult<E>[]> {
  const planned = entries.map((entry) => zonesOf(entry, zones).flatMap((zone) => toTask(entry, zone)));
  const results = await runTasks(planned.flat(), ports, { signal });
  let from = 0;
  return entries.map((entry, index) => {
    const to = from + (planned[index]?.length ?? 0);
    const own = results.slice(from, to);
    from = to;
    return toDeletionResult(entry, own);
  });
}

function zonesOf(entry: DeferredDeletion, zones: readonly ZoneSettings[]): ZoneSettings[] {
  const name = normalizeName(entry.zone);
  return zones.filter((zone) => zone.provider === entry.provider && normalizeName(zone.zone) === name);
}

function toTask(entry: DeferredDeletion, zone: ZoneSettings): RecordTask[] {
  const { type } = entry;
  if (!isRecordType(type)) return [];
  const content = entry.content.map((text) =>
    type === 'PTR' ? normalizeName(text) : (parseAddress(text)?.text ?? text),
  );
  const task: RecordTask = {
    kind: type === 'PTR' ? 'rev' : 'fwd',
    change: 'delete',
    zone,
    name: normalizeName(entry.name),
    addresses: type === 'PTR' ? [] : content,
    edits: [{ type, expected: content, edit: (current) => withoutContents(current, content) }],
  };
  return [task];
}

function toDeletionResult<E extends DeferredDeletion>(entry: E, results: readonly RecordResult[]): DeletionResult<E> {
  if (results.length === 0) {
    const error = isRecordType(entry.type)
      ? `no zone ${entry.zone} of provider ${entry.provider} in the configuration any more`
      : `${entry.type} records are none of vmctl's`;
    return { entry, ok: false, final: true, error };
  }
  const failed = results.filter((result) => !result.ok);
  if (failed.length === 0) return { entry, ok: true, final: true };
  const error = joinReasons(failed.map((result) => result.error ?? ''));
  return { entry, ok: false, final: failed.every(({ refused }) => refused === true), error };
}
