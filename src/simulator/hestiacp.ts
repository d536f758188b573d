import { type Clock, systemClock } from '../base/clock.ts';
import { ApiRefusal, answerToKey, answerToPassword, answerToRefusal, endingOf, respond } from './hestiacp/api.ts';
import { commands, type HestiacpState } from './hestiacp/commands.ts';
import { CommandFailure, codes } from './hestiacp/refusal.ts';
import { nextId, type StoredRecord, type Zone } from './hestiacp/zone.ts';
import { type HttpFault, htmlPage, withHttpFault } from './http-fault.ts';
import type { SimHandler, SimRequest, SimResponse } from './wire.ts';

/** `record` relative to the zone, `@` its own name; hosts with their final dot. `ttl` in seconds. */
export type HestiacpRecord = Pick<StoredRecord, 'record' | 'type' | 'value'> &
  Partial<Pick<StoredRecord, 'id' | 'ttl' | 'suspended'>>;

/**
 * Around the API, or inside it: a load too high for any command, the API switched off, a restart that fails after the
 * write, a release that sends no `Hestia-Exit-Code`, a command that ends with `code` (`silent`: printing nothing).
 */
export type HestiacpFault =
  | HttpFault
  | { readonly do: 'load' | 'disabled' | 'restart-fails' | 'no-code' }
  | { readonly do: 'code'; readonly code: number; readonly command: string; readonly silent?: boolean };

export interface HestiacpOptions {
  readonly owner?: string;
  readonly accessKey: string;
  readonly secretKey: string;
  /** What the key may do; default: everything. Without `v-restart-dns` it is like a key of a user who is no administrator. */
  readonly allowed?: readonly string[];
  /** Of the administrator `admin`. Without it there is no login by password. */
  readonly password?: string;
  readonly zones: Readonly<Record<string, readonly HestiacpRecord[]>>;
  readonly recordLimit?: number;
  /** Milliseconds from a command's look to its write. */
  readonly workMs?: number;
  readonly clock?: Clock;
}

export interface HestiacpSimulator {
  readonly handle: SimHandler;
  /** The commands so far, as far as somebody was logged in. */
  readonly log: readonly { readonly command: string; readonly args: readonly string[]; readonly code: number }[];
  readonly restarts: number;
  /** Throws where there is no such zone. */
  zone(name: string): {
    /** `vm1.example.test A` → values, sorted. */
    records(): Record<string, string[]>;
    readonly lines: readonly StoredRecord[];
    add(record: HestiacpRecord): void;
    suspend(suspended: boolean): void;
  };
  /** From now on; without a fault all is well again. */
  setFault(fault?: HestiacpFault): void;
}

/**
 * The API of a HestiaCP server as its 1.10 sources have it (web/api, bin/v-*-dns-record), form-encoded requests only: the DNS
 * records of one user, by access key or password.
 */
export function createHestiacpSimulator(options: HestiacpOptions): HestiacpSimulator {
  const { owner = 'admin', clock = systemClock, recordLimit = Number.POSITIVE_INFINITY, workMs = 0 } = options;
  const zones = new Map(Object.entries(options.zones).map(([name, records]) => [name, filledZone(name, records)]));
  const log: { command: string; args: readonly string[]; code: number }[] = [];
  const work = () => (workMs > 0 ? clock.sleep(workMs) : Promise.resolve());
  const state: HestiacpState = { owner, zones, recordLimit, restarts: 0, restartFails: false, work };
  let fault: HestiacpFault | undefined;

  async function serveApi({ method, url, body }: SimRequest): Promise<SimResponse> {
    const [path] = url.split('?');
    if (path === '/api') return { ...htmlPage(301), headers: { Location: '/api/' } };
    if (path !== '/api/' && path !== '/api/index.php') return htmlPage(404);
    const form = new URLSearchParams(method === 'POST' ? body : '');
    const wantsCode = form.get('returncode') === 'yes';
    const sendsHeader = fault?.do !== 'no-code';
    try {
      if (form.has('access_key') && form.has('secret_key')) {
        const command = logInByKey(form);
        return answerToKey(await execute(command, form), wantsCode, sendsHeader);
      }
      if (!form.has('user')) return respond(405, 'Error: data received is null or invalid');
      const command = logInByPassword(form);
      return answerToPassword(await execute(command, form), wantsCode);
    } catch (error) {
      if (error instanceof ApiRefusal) return answerToRefusal(error, wantsCode, sendsHeader);
      throw error;
    }
  }

  function logInByKey(form: URLSearchParams): string {
    if (fault?.do === 'disabled') throw new ApiRefusal(codes.disabled, 'Error: API has been disabled');
    const command = commandOf(form);
    const key = form.get('access_key')?.trim();
    if (key !== options.accessKey) throw new ApiRefusal(codes.password, `Error: Access key ${key} doesn't exist`);
    if (form.get('secret_key')?.trim() !== options.secretKey) {
      throw new ApiRefusal(codes.password, `Error: Invalid secret key for key ${key}`);
    }
    if (options.allowed?.includes(command) === false) {
      const refusal = `Error: Key ${key} don't have permission to run the command ${command}`;
      throw new ApiRefusal(codes.forbidden, refusal);
    }
    return command;
  }

  function logInByPassword(form: URLSearchParams): string {
    const twice = 'Error: API has been disabledError: API Disabled';
    if (fault?.do === 'disabled') throw new ApiRefusal(codes.disabled, twice);
    const failed = 'Error: authentication failed';
    if (form.get('user') !== 'admin') throw new ApiRefusal(codes.forbidden, failed);
    if (options.password === undefined || form.get('password') !== options.password) {
      throw new ApiRefusal(codes.password, failed);
    }
    return commandOf(form);
  }

  async function execute(command: string, form: URLSearchParams) {
    const numbers = Array.from({ length: 13 }, (_, index) => `arg${index + 1}`);
    // One that is not there does not keep its place.
    const args = numbers.flatMap((name) => form.get(name)?.trim() ?? []);
    state.restartFails = fault?.do === 'restart-fails';
    const ending = await endingOf(async () => {
      if (fault?.do === 'load') throw new CommandFailure(codes.load, 'Error: Load Average is too high');
      if (fault?.do === 'code' && fault.command === command)
        throw new CommandFailure(fault.code, fault.silent ? '' : 'Error: simulated');
      const run = commands[command];
      if (run === undefined) throw new CommandFailure(127, `sudo: ${command}: command not found`);
      return run(state, args);
    });
    log.push({ command, args, code: ending.code });
    return ending;
  }

  return {
    handle: withHttpFault(serveApi, () => (isAround(fault) ? fault : undefined), clock),
    log,
    get restarts() {
      return state.restarts;
    },
    setFault(next) {
      fault = next;
    },
    zone(name) {
      const zone = zones.get(name);
      if (zone === undefined) throw new Error(`no zone ${name} in the simulated HestiaCP`);
      return {
        records: () => recordsOf(zone),
        get lines() {
          return zone.records;
        },
        add: (record) => addLine(zone, record),
        suspend(suspended) {
          zone.suspended = suspended;
        },
      };
    },
  };
}

function commandOf(form: URLSearchParams): string {
  const command = form.get('cmd')?.trim() ?? '';
  if (command === '') throw new ApiRefusal(codes.invalid, 'Error: Command not provided');
  if (!/^[a-zA-Z0-9_-]+$/.test(command)) throw new ApiRefusal(codes.invalid, `Error: ${command} command invalid`);
  return command;
}

function isAround(fault: HestiacpFault | undefined): fault is HttpFault {
  return fault?.do === 'down' || fault?.do === 'slow' || fault?.do === 'html';
}

function filledZone(name: string, records: readonly HestiacpRecord[]): Zone {
  const zone: Zone = { name, ttl: '14400', suspended: false, records: [] };
  for (const record of records) addLine(zone, record);
  return zone;
}

function addLine(zone: Zone, { id = nextId(zone), ttl = '', suspended = false, ...record }: HestiacpRecord): void {
  zone.records = [...zone.records, { id, ttl, suspended, ...record }];
}

function recordsOf({ name, records }: Zone): Record<string, string[]> {
  const full = (record: string) => (record === '@' ? name : `${record}.${name}`);
  const sets = Map.groupBy(records, ({ record, type }) => `${full(record)} ${type}`);
  const entries = [...sets].map(([key, set]): [string, string[]] => [key, set.map(({ value }) => value).sort()]);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
