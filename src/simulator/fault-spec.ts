import { faultActions, type SimFault } from './proxmox/faults.ts';

const faultSpecHelp =
  '[METHOD ]PATH-REGEX=ACTION[:text][;nth=N][;times=N][;delay=10s][;after], ACTION: a status such as 500, or ' +
  faultActions.filter((action) => action !== 'status').join(', ');

const spec = /^(?:(GET|POST|PUT|DELETE)\s+)?(\S+?)=(\d{3}|[a-z]+(?:-[a-z]+)?)(?::(.*))?$/;
const option = /;(nth|times|delay|after)(?:=([^;]*))?$/;

/**
 * A fault as typed on the command line, e.g.
 * `DELETE /qemu/2003$=500:can't remove VM 2003 - protection mode enabled;times=1`,
 * `POST /clone=slow;delay=38s`, `DELETE /qemu/=596:Connection timed out;after`, `POST /shutdown=task-fails:got timeout`.
 * Throws where it cannot be read.
 */
export function parseFaultSpec(text: string): SimFault {
  let rest = text.trim();
  const fault: Partial<SimFault> = {};
  for (let match = option.exec(rest); match !== null; match = option.exec(rest)) {
    setOption(fault, match[1] ?? '', match[2], text);
    rest = rest.slice(0, match.index);
  }
  const [, method, path = '', action = '', reason] = spec.exec(rest) ?? [];
  const known = faultActions.find((name) => name === action && name !== 'status');
  const isStatus = /^\d+$/.test(action);
  if (known === undefined && !isStatus) throw wrong(text, 'expected a path, = and an action');
  return {
    ...fault,
    path: pattern(path, text),
    do: known ?? 'status',
    ...(method === undefined ? {} : { method }),
    ...(isStatus ? { status: Number(action) } : {}),
    ...(reason === undefined || reason === '' ? {} : { reason }),
  };
}

function setOption(fault: Partial<SimFault>, name: string, value: string | undefined, text: string): void {
  if (name === 'after') fault.after = true;
  else if (name === 'delay') fault.delayMs = duration(value, text);
  else if (name === 'nth') fault.nth = positive(value, text);
  else fault.times = positive(value, text);
}

function positive(value: string | undefined, text: string): number {
  if (!/^[1-9]\d*$/.test(value ?? '')) throw wrong(text, `expected a number from 1, found '${value ?? ''}'`);
  return Number(value);
}

/** `38s`, `1500ms`; a bare number is milliseconds. */
function duration(value: string | undefined, text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s)?$/.exec(value ?? '') ?? [];
  if (number === undefined) throw wrong(text, `expected a duration like 10s, found '${value ?? ''}'`);
  return Number(number) * (unit === 's' ? 1000 : 1);
}

function pattern(source: string, text: string): RegExp {
  try {
    return new RegExp(source);
  } catch {
    throw wrong(text, `'${source}' is no regular expression`);
  }
}

function wrong(text: string, reason: string): Error {
  return new Error(`fault '${text}': ${reason}. Form: ${faultSpecHelp}`);
}
