import type { Clock } from '../../src/base/clock.ts';
import type { SimRequest, SimResponse } from '../../src/simulator/wire.ts';
import { differences } from './compare.ts';
import { interludes } from './interludes.ts';
import { type Row, sentAt } from './recording.ts';
import { outOfScope } from './scope.ts';
import { completions } from './special.ts';
import { replayClock, type Stage, setStage } from './staging.ts';

export interface Replay {
  readonly compared: readonly string[];
  /** Name → what differed. */
  readonly different: Readonly<Record<string, readonly string[]>>;
  /** Name → why it was left out. */
  readonly left: Readonly<Record<string, string>>;
}

/** Of two requests at once, the second one in the recording came first. */
function asArrived(rows: readonly Row[]): Row[] {
  const first = 'clone.concurrent_same_newid.2';
  const winner = rows.find(({ name }) => name === first);
  return rows
    .filter((row) => row !== winner)
    .flatMap((row) => (winner && row.name === 'clone.concurrent_same_newid.1' ? [winner, row] : [row]));
}

/** Longest word first, so that a more special one counts. */
function reasonToLeaveOut(name: string): string | undefined {
  const found = Object.keys(outOfScope).filter((prefix) => name === prefix || name.startsWith(prefix));
  const longest = found.sort((a, b) => b.length - a.length)[0];
  return longest === undefined ? undefined : outOfScope[longest];
}

/** Plays the recording to a simulator, in its order and at its pace, and compares every answer that is in scope. */
export async function replay(rows: readonly Row[]): Promise<Replay> {
  const start = rows.map(sentAt).find((at) => at !== undefined) ?? 0;
  const clock = replayClock(start);
  const stage = await setStage(clock);
  const own = new Map<string, string>();
  const compared: string[] = [];
  const different: Record<string, string[]> = {};
  const left: Record<string, string> = {};
  for (const row of asArrived(rows)) {
    interludes[row.name]?.(stage.simulator);
    const reason = reasonToLeaveOut(row.name);
    if (reason !== undefined) {
      left[row.name] = reason;
      continue;
    }
    clock.reach(sentAt(row) ?? 0);
    const sent = clock.now();
    const request = requestOf(row, stage, own, clock.now());
    if (isEndOfTask(row)) await waitForEnd(stage, request, clock);
    const answer = await stage.simulator.handle(request);
    noteIds(row, answer, own);
    // What was sent at once arrives at once.
    if (!/concurrent.*\.\d$/.test(row.name)) clock.reach(sent + (row.ms ?? 0));
    compared.push(row.name);
    const found = differences(row, answer);
    if (found.length > 0) different[row.name] = found;
  }
  return { compared, different, left };
}

function requestOf(row: Row, { headers: known }: Stage, own: ReadonlyMap<string, string>, now: number): SimRequest {
  const { method, params, auth, content_type: type = 'application/x-www-form-urlencoded' } = row.request;
  const path = withUpids(row.request.path, own);
  const headers: Record<string, string> = auth == null ? {} : { authorization: known[auth] ?? auth };
  const inQuery = method === 'GET' || method === 'DELETE' || method === 'HEAD';
  const form = new URLSearchParams(
    Object.entries(params).map(([key, value]): [string, string] => [key, own.get(String(value)) ?? String(value)]),
  );
  const url = inQuery && form.size > 0 ? `${path}?${form}` : path;
  const body = inQuery || form.size === 0 ? '' : type.includes('json') ? JSON.stringify(params) : form.toString();
  const request = { method, url, headers: body === '' ? headers : { ...headers, 'content-type': type }, body };
  return completions[row.name]?.(request, now) ?? request;
}

/** The recorded tasks are known here under ids of their own. */
function withUpids(path: string, own: ReadonlyMap<string, string>): string {
  return path.replace(/UPID(?::|%3A)[^/]*/, (written) => {
    const upid = own.get(decodeURIComponent(written));
    return upid === undefined ? written : written.includes('%3A') ? encodeURIComponent(upid) : upid;
  });
}

/** Remembers what the simulator has in place of a recorded UPID or digest. */
function noteIds(row: Row, answer: SimResponse, own: Map<string, string>): void {
  for (const pattern of [/^\{"data":"(UPID:[^"]*)"/, /"digest":"([0-9a-f]{40})"/]) {
    const [recorded, simulated] = [String(row.body), answer.body].map((body) => pattern.exec(body)?.[1]);
    if (recorded !== undefined && simulated !== undefined) own.set(recorded, simulated);
  }
}

function isEndOfTask({ name, body }: Row): boolean {
  return name.endsWith('.task_status') && String(body).includes('"status":"stopped"');
}

async function waitForEnd({ simulator }: Stage, request: SimRequest, clock: Clock): Promise<void> {
  for (let second = 0; second < 600; second += 1) {
    const { body } = await simulator.handle(request);
    if (!body.includes('"status":"running"')) return;
    await clock.sleep(1_000);
  }
}
