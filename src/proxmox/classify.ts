import type { ErrorKind } from '../base/errors.ts';
import { ProxmoxError, type ProxmoxReason } from './errors.ts';
import type { ApiCall } from './transport.ts';

/** An answer that was no success. The text is in the reason phrase, since 8.3 also in `message`, with `errors` by parameter. */
export interface FailedAnswer {
  readonly status: number;
  readonly reason: string;
  readonly message?: string | undefined;
  readonly errors?: Readonly<Record<string, string>> | undefined;
}

type Rule = readonly [pattern: RegExp, reason: ProxmoxReason, kind: ErrorKind];

/**
 * Proxmox answers nearly every refusal with 500, so the text decides: the same in a reason phrase and in a task's exit
 * status, where something may stand before it ("clone failed: …"). First match wins.
 */
const rules: readonly Rule[] = [
  // Seen on a real 9.2: the operation ran although this was the answer.
  [/can't lock file '\/var\/log\/pve\/tasks\/\.active\.lock'/, 'ambiguous', 'unknown'],
  // The lock was held and the work was cut off in the middle after 60 s.
  [/'-locked command timed out/, 'ambiguous', 'unknown'],
  // The worker was killed, or its node went down.
  [/^unexpected status$|unable to get last line from task log|unable to read tail/, 'ambiguous', 'unknown'],
  [/no quorum/, 'no-quorum', 'transient'],
  // Half destroyed: only root can finish it.
  [/VM is locked \((destroyed)\)/, 'locked', 'permanent'],
  [/VM is locked \(([^)]+)\)/, 'locked', 'transient'],
  [/can't lock file |got lock request timeout/, 'contended', 'transient'],
  [/unable to fork worker|got no worker upid|starting worker failed|fork failed/, 'busy', 'transient'],
  [/ is running - destroy failed|VM \d+ already running/, 'running', 'permanent'],
  [/VM \d+ (?:is )?not running/, 'not-running', 'permanent'],
  [/powerdown failed/, 'not-stopped', 'permanent'],
  [/protection mode enabled|cannot remove protected /, 'protected', 'permanent'],
  [/used in HA resources|Not applicable for HA resources/, 'ha-managed', 'permanent'],
  [/There is a replication job/, 'replicated', 'permanent'],
  [/in use by linked clone|referenced by linked clone/, 'linked-clones', 'permanent'],
  [/config file already exists|VM \d+ already exists|atomic file .*File exists/, 'exists', 'permanent'],
  [/no such task/, 'no-such-task', 'permanent'],
  [/Configuration file '[^']*' does not exist|unable to find configuration file for VM/, 'gone', 'permanent'],
  [/no such cluster node|hostname lookup '[^']*' failed/, 'no-such-node', 'permanent'],
  [/storage '[^']*' (?:does not exist|is not available|is disabled|is not online)/, 'storage', 'permanent'],
  [/unable to activate storage/, 'storage', 'permanent'],
  [/checksum mismatch|detected modified configuration/, 'modified', 'permanent'],
  [/received interrupt|interrupted by signal/, 'aborted', 'permanent'],
];

interface Verdict {
  readonly reason: ProxmoxReason;
  readonly kind: ErrorKind;
  readonly lock?: string | undefined;
}

function byText(text: string): Verdict | undefined {
  for (const [pattern, reason, kind] of rules) {
    const match = pattern.exec(text);
    if (match) return { reason, kind, lock: reason === 'locked' ? match[1] : undefined };
  }
  return undefined;
}

function byStatus(status: number): Verdict | undefined {
  if (status === 401) return { reason: 'auth', kind: 'permanent' };
  if (status === 403) return { reason: 'forbidden', kind: 'permanent' };
  // The node could not be connected to, so nothing was delivered, whatever the method.
  if (status === 595) return { reason: 'node-unreachable', kind: 'transient' };
  // 502 to 504 come from a reverse proxy, which does not say either whether its request was executed.
  if ((status >= 596 && status <= 599) || (status >= 502 && status <= 504)) {
    return { reason: 'ambiguous', kind: 'unknown' };
  }
  if (status === 429) return { reason: 'busy', kind: 'transient' };
  return undefined;
}

function byStatusAlone(status: number): Verdict {
  if (status === 400) return { reason: 'parameter', kind: 'permanent' };
  return { reason: status === 501 || status === 506 ? 'unsupported' : 'other', kind: 'permanent' };
}

/** A lost answer matters only where something was to be changed; a read is simply repeated. */
export function kindFor(call: Pick<ApiCall, 'effect'>, kind: ErrorKind): ErrorKind {
  return kind === 'unknown' && call.effect === 'none' ? 'transient' : kind;
}

/** The error that an answer other than 2xx stands for. */
export function classifyAnswer(call: ApiCall, answer: FailedAnswer): ProxmoxError {
  const text = answerText(answer);
  const verdict = byStatus(answer.status) ?? byText(text) ?? byStatusAlone(answer.status);
  return new ProxmoxError({
    ...verdict,
    kind: kindFor(call, verdict.kind),
    text: text === '' ? `HTTP status ${answer.status} without a reason` : withStatus(answer.status, text),
    status: answer.status,
    call,
    node: call.node,
  });
}

/** The error that a task's exit status stands for; `log` are the last lines of its log, which often say more. */
export function classifyTask(
  task: { readonly upid: string; readonly type: string; readonly node: string },
  exitstatus: string,
  log: readonly string[],
): ProxmoxError {
  const verdict = byText(exitstatus) ?? { reason: 'task-failed' as const, kind: 'permanent' as const };
  const said = log.filter((line) => !line.startsWith('TASK ') && !line.includes(exitstatus));
  return new ProxmoxError({
    ...verdict,
    text: said.length === 0 ? exitstatus : `${exitstatus} [log: ${said.join(' | ')}]`,
    call: { method: 'task', path: `${task.type} ${task.upid}` },
    node: task.node,
  });
}

function answerText({ reason, message, errors }: FailedAnswer): string {
  const said = (message ?? '').trim();
  const first = reason.trim();
  const text = said.includes(first) ? said : [first, said].filter((part) => part !== '').join(': ');
  const details = Object.entries(errors ?? {}).map(([name, error]) => `${name}: ${error.trim()}`);
  return details.length === 0 ? text : `${text} ${details.join(', ')}`;
}

/** 595 to 599 say nothing about what was asked for, so the number itself helps whoever reads it. */
function withStatus(status: number, text: string): string {
  return status >= 502 ? `${status} ${text}` : text;
}
