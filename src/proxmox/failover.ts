import { ProxmoxError } from './errors.ts';
import type { ApiAnswer, RawCall, RawTransport } from './transport.ts';

/**
 * Several entry points of one cluster as one. Stays with the one that answered last. Goes on to the next only where the
 * call was certainly not sent, or where repeating it is harmless because it changes nothing.
 * @throws ProxmoxError `cluster-unreachable` when none answers; `certificate` when none is trusted.
 */
export function failover(entries: readonly RawTransport[]): RawTransport {
  let current = 0;
  return {
    call: async (call) => {
      const failures: ProxmoxError[] = [];
      for (let turn = 0; turn < entries.length; turn += 1) {
        const index = current;
        try {
          return await callEntry(entries, index, call);
        } catch (error) {
          if (!(error instanceof ProxmoxError) || !noAnswerCame(error)) throw error;
          // Another call may have moved on already.
          if (current === index) current = (index + 1) % entries.length;
          failures.push(error);
          if (error.reason === 'ambiguous' && call.effect === 'changes') throw error;
          // Its time is over: that says little about the entry points, so the error stays what it was.
          if (call.signal?.aborted) throw error;
        }
      }
      throw noEntryAnswers(call, failures);
    },
  };
}

async function callEntry(entries: readonly RawTransport[], index: number, call: RawCall): Promise<ApiAnswer> {
  const entry = entries[index];
  if (entry === undefined) throw new RangeError('a cluster needs at least one entry point');
  return entry.call(call);
}

function noAnswerCame(error: ProxmoxError): boolean {
  if (error.reason === 'ambiguous') return error.status === undefined;
  return error.reason === 'cluster-unreachable' || error.reason === 'certificate';
}

function noEntryAnswers(call: RawCall, failures: readonly ProxmoxError[]): Error {
  const [first] = failures;
  if (first === undefined) return new RangeError('a cluster needs at least one entry point');
  // One that is merely down may come back with a good certificate; only distrust everywhere needs a human.
  if (failures.every((failure) => failure.reason === 'certificate')) return first;
  return new ProxmoxError({
    kind: 'transient',
    reason: 'cluster-unreachable',
    text: failures.map((failure) => failure.text).join('; '),
    call,
    node: call.node,
    cause: first,
  });
}
