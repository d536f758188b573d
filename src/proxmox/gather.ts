import type { Clock } from '../base/clock.ts';

/**
 * Answers for keys that were asked for together. The group is read once; each answer is had on its own, so that one that
 * fails does not fail the others.
 */
export type ReadGroup<Key, Answer> = (group: string, keys: readonly Key[]) => Promise<(key: Key) => Promise<Answer>>;

/**
 * Gathers what is asked for within `windowMs` (on the clock, from the first one) and reads it together, group by group.
 * An abort ends the waiting of its asker only.
 */
export function gatherer<Key, Answer>(
  clock: Clock,
  windowMs: number,
  readGroup: ReadGroup<Key, Answer>,
): (group: string, key: Key, signal?: AbortSignal) => Promise<Answer> {
  const open = new Map<string, { keys: Set<Key>; answers: Promise<(key: Key) => Promise<Answer>> }>();

  function join(group: string): { keys: Set<Key>; answers: Promise<(key: Key) => Promise<Answer>> } {
    const joined = open.get(group);
    if (joined !== undefined) return joined;
    const keys = new Set<Key>();
    const answers = clock.sleep(windowMs).then(async () => {
      open.delete(group);
      return once(await readGroup(group, [...keys]));
    });
    const batch = { keys, answers };
    open.set(group, batch);
    return batch;
  }

  return async (group, key, signal) => {
    signal?.throwIfAborted();
    const { keys, answers } = join(group);
    keys.add(key);
    return abortable(
      answers.then((answer) => answer(key)),
      signal,
    );
  };
}

function once<Key, Answer>(answer: (key: Key) => Promise<Answer>): (key: Key) => Promise<Answer> {
  const given = new Map<Key, Promise<Answer>>();
  return (key) => {
    const had = given.get(key) ?? answer(key);
    given.set(key, had);
    return had;
  };
}

async function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  let giveUp = (): void => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    giveUp = () => reject(signal.reason);
    signal.addEventListener('abort', giveUp, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}
