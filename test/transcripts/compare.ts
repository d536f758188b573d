import type { SimResponse } from '../../src/simulator/wire.ts';
import type { Row } from './recording.ts';
import { notSimulated } from './scope.ts';

/** Where each value of a body is → its JSON types; elements of a list together. */
function shapeOf(value: unknown, at = '', shape = new Map<string, Set<string>>()): Map<string, Set<string>> {
  const type = value === null ? 'null' : Array.isArray(value) ? 'list' : typeof value;
  const types = shape.get(at) ?? new Set();
  shape.set(at, types.add(type));
  if (Array.isArray(value)) for (const element of value) shapeOf(element, `${at}[]`, shape);
  else if (typeof value === 'object' && value !== null)
    for (const [key, inner] of Object.entries(value)) shapeOf(inner, `${at}.${key}`, shape);
  return shape;
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}

function shapeDifferences(recorded: unknown, simulated: unknown): string[] {
  const [wanted, found] = [shapeOf(recorded), shapeOf(simulated)];
  const text = (types: Set<string> | undefined) => [...(types ?? ['nothing'])].sort().join('|');
  return [...new Set([...wanted.keys(), ...found.keys()])].flatMap((at) => {
    const same = found.get(at) && [...(found.get(at) ?? [])].every((type) => wanted.get(at)?.has(type));
    if (same || (!found.has(at) && notSimulated.test(at))) return [];
    return [`body${at}: recorded ${text(wanted.get(at))}, simulated ${text(found.get(at))}`];
  });
}

/** Process ids, start times and random parts differ from run to run; what a task or a text is about does not. */
function plain(text: string): string {
  return text
    .replace(/UPID:([^:]+):[0-9A-F]{8}:[0-9A-F]{8}:[0-9A-F]{8}:/g, 'UPID:$1:…:')
    .replace(/copy failed: command '.*' failed: (?=interrupted)/, '')
    .replace(/not mounted: '[^']*'/, "not mounted: '…'")
    .replace(/ at \/usr\/share\/perl5\/\S+ line \d+\./, '');
}

function sorted(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? '';
  return JSON.stringify(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function field(body: unknown, ...path: string[]): unknown {
  let value = body;
  for (const key of path) value = typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
  return value;
}

/** Values that say what happened, and so must be the same and not only of one type. */
const telling = [
  ['message'],
  ['errors'],
  ['data', 'status'],
  ['data', 'exitstatus'],
  ['data', 'lock'],
  ['data', 'qmpstatus'],
];

/** What the simulator answered differently, one line each; none if it did as the real one. */
export function differences(row: Row, simulated: SimResponse): string[] {
  const [was, is] = [parse(String(row.body)), parse(simulated.body)];
  const head =
    row.status === simulated.status && plain(row.reason) === plain(simulated.reason)
      ? []
      : [`recorded ${row.status} ${row.reason}, simulated ${simulated.status} ${simulated.reason}`];
  const values = telling.flatMap((path) => {
    const [wanted, found] = [field(was, ...path), field(is, ...path)].map((value) => plain(sorted(value)));
    return wanted === found ? [] : [`body.${path.join('.')}: recorded ${wanted}, simulated ${found}`];
  });
  const upid = [was, is]
    .map((body) => field(body, 'data'))
    .map((data) => (typeof data === 'string' ? plain(data) : ''));
  const task =
    upid[0]?.startsWith('UPID:') && upid[0] !== upid[1] ? [`task: recorded ${upid[0]}, simulated ${upid[1]}`] : [];
  return [...head, ...values, ...task, ...shapeDifferences(was, is)];
}
