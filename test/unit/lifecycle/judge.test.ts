import { describe, expect, test } from 'vitest';
import { RefusedError, UnreachableError, UsageError } from '../../../src/base/errors.ts';
import { registerSecret } from '../../../src/base/redact.ts';
import { judge } from '../../../src/engine/judge.ts';
import { LeaseLost } from '../../../src/engine/lease.ts';
import { Outage, StepFailure } from '../../../src/lifecycle/failures.ts';
import { ProxmoxError, type ProxmoxReason } from '../../../src/proxmox/errors.ts';

const alive = new AbortController().signal;
const call = { method: 'GET', path: '/nodes' };
const proxmox = (reason: ProxmoxReason) =>
  new ProxmoxError({ kind: 'transient', reason, text: `text of ${reason}`, call });

describe('What an error of a step means for its row', () => {
  test.each(['cluster-unreachable', 'no-quorum'] as const)('%s: an outage, the row stays', (reason) => {
    expect(judge(proxmox(reason), alive)).toEqual({ kind: 'outage', why: `text of ${reason}` });
  });

  test('an untrusted certificate: an outage with exit code 2, and its cure', () => {
    const verdict = judge(proxmox('certificate'), alive);
    expect(verdict).toMatchObject({ kind: 'outage', code: 2, why: expect.stringContaining('tls.ca') });
  });

  test.each([
    ['auth', 2],
    ['forbidden', 2],
    ['node-unreachable', 3],
    ['protected', 3],
    ['other', 3],
  ] as const)('%s: the attempt has failed, exit code %i', (reason, code) => {
    expect(judge(proxmox(reason), alive)).toMatchObject({ kind: 'failed', reason: `text of ${reason}`, code });
  });

  test('settings that keep everything from the cluster: an outage with exit code 2, no failure of the row', () => {
    const error = new UsageError('the CA file cannot be read', { cure: 'look at it' });
    expect(judge(error, alive)).toEqual({ kind: 'outage', why: 'the CA file cannot be read. look at it', code: 2 });
  });

  test('a database that is away is the tick’s, not the row’s', () => {
    expect(() => judge(new UnreachableError('away'), alive)).toThrow('away');
    const lost = Object.assign(new Error('gone'), { code: 'PROTOCOL_CONNECTION_LOST' });
    expect(() => judge(lost, alive)).toThrow('gone');
  });

  test('a lost lease, or a tick that was told to drop its work: the row is not this tick’s any more', () => {
    expect(judge(new LeaseLost(), alive)).toEqual({ kind: 'lost' });
    expect(judge(new StepFailure('too late'), AbortSignal.abort())).toEqual({ kind: 'lost' });
  });

  test('a failure of the step, with its cure, and the exit code of what caused it', () => {
    const failure = { kind: 'failed', reason: 'why', cure: 'do this' };
    expect(judge(new StepFailure('why', 'do this'), alive)).toEqual({ ...failure, code: 3 });
    expect(judge(new StepFailure('why', 'do this', new UsageError('x')), alive)).toEqual({ ...failure, code: 2 });
    expect(judge(new RefusedError('why', { cure: 'do this' }), alive)).toEqual({ ...failure, code: 3 });
    expect(judge(new Outage('no quorum'), alive)).toEqual({ kind: 'outage', why: 'no quorum' });
  });

  test('a mistake in vmctl itself is told as such, without secrets', () => {
    registerSecret('hunter2-hunter2');
    const error = new TypeError('cannot read hunter2-hunter2');
    expect(judge(error, alive)).toMatchObject({
      kind: 'failed',
      reason: 'internal error: cannot read ***',
      crash: error,
      code: 1,
    });
  });
});
