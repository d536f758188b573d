import { domainToASCII, domainToUnicode } from 'node:url';
import * as checks from './checks.ts';
import { CommandFailure, codes } from './refusal.ts';
import { dropRecord, listingOf, nextId, putRecord, type StoredRecord, type Zone } from './zone.ts';

/** What the commands work on. */
export interface HestiacpState {
  readonly owner: string;
  readonly zones: ReadonlyMap<string, Zone>;
  /** Records that the owner's package allows in a zone. */
  readonly recordLimit: number;
  /** Restarts of the DNS server so far. */
  restarts: number;
  restartFails: boolean;
  /** Waits as long as a command takes between looking and writing. */
  readonly work: () => Promise<void>;
}

type Arguments = readonly string[];
type Command = (state: HestiacpState, args: Arguments) => Promise<string>;

/** By name; each takes the arguments that were there, in their order, and gives what it prints. */
export const commands: Readonly<Record<string, Command>> = {
  'v-list-dns-records': async (state, args) => {
    need(args, 2);
    return listingOf(zoneOf(state, args));
  },
  'v-add-dns-record': addRecord,
  'v-change-dns-record': changeRecord,
  'v-delete-dns-record': deleteRecord,
  'v-restart-dns': async (state, [restart = '']) => {
    checks.checkRestart(restart);
    return restartDns(state, restart);
  },
};

async function addRecord(state: HestiacpState, args: Arguments): Promise<string> {
  need(args, 5);
  const [, , named = '', typed = '', given = '', , asked = '', restart = '', ttl = ''] = args;
  const type = typed.toUpperCase();
  const record = asKept(decoded(named.toLowerCase()), type);
  const value = withDot(type, given);
  checks.checkRecord(record);
  checks.checkValue(type, value);
  const zone = unsuspended(zoneOf(state, args));
  if (zone.records.length >= state.recordLimit) {
    throw new CommandFailure(codes.limit, 'Error: DNS_RECORDS limit is reached :: upgrade user package');
  }
  const id = asked === '' ? nextId(zone) : Number(asked);
  checks.checkId(asked || '1');
  if (zone.records.some((one) => one.id === id)) {
    throw new CommandFailure(codes.exists, `Error: ID=${id} already exists`);
  }
  checks.checkIsFqdn(type, value);
  checks.checkTtl(ttl);
  checks.checkRestart(restart);
  await state.work();
  putRecord(zone, { id, record, type, value, suspended: false, ttl });
  return restartDns(state, restart);
}

async function changeRecord(state: HestiacpState, args: Arguments): Promise<string> {
  need(args, 6);
  const [, , , record = '', typed = '', given = '', , restart = '', ttl = ''] = args;
  checks.checkRecord(record);
  checks.checkRestart(restart);
  const zone = unsuspended(zoneOf(state, args));
  const old = recordOf(zone, args);
  checks.checkTtl(ttl);
  const type = typed || old.type;
  const value = withDot(type, given);
  checks.checkValue(type, value);
  checks.checkIsFqdn(type, value);
  const next: StoredRecord = { id: old.id, record: asKept(record, type), type, value, suspended: false, ttl };
  if (isSame(old, next)) {
    throw new CommandFailure(codes.exists, 'No pending changes in DNS entry.');
  }
  await state.work();
  dropRecord(zone, old.id);
  putRecord(zone, next);
  return restartDns(state, restart);
}

function isSame(old: StoredRecord, next: StoredRecord): boolean {
  const { record, type, value, suspended } = next;
  const isAlike = old.record === record && old.type === type && old.value === value && old.suspended === suspended;
  return isAlike && Number(old.ttl) === Number(next.ttl);
}

async function deleteRecord(state: HestiacpState, args: Arguments): Promise<string> {
  need(args, 3);
  checks.checkRestart(args[3] ?? '');
  const zone = zoneOf(state, args);
  const { id, type } = recordOf(zone, args);
  const isLast = zone.records.filter((record) => record.type === type).length <= 1;
  if (isLast && (type === 'A' || type === 'NS')) {
    throw new CommandFailure(codes.invalid, `Error: at least one ${type} record should remain active`);
  }
  await state.work();
  dropRecord(zone, id);
  return restartDns(state, args[3] ?? '');
}

function need(args: Arguments, count: number): void {
  if (args.length < count) throw new CommandFailure(codes.args, 'Usage: too few arguments');
}

/** USER and DOMAIN are the first two arguments of every command on a zone. */
function zoneOf({ owner, zones }: HestiacpState, [user = '', domain = '']: Arguments): Zone {
  checks.checkUser(user);
  const name = domain
    .toLowerCase()
    .replace(/^www\./, '')
    .replace(/\.+$/, '');
  checks.checkDomain(name);
  if (user !== owner) throw new CommandFailure(codes.notExist, `Error: user ${user} doesn't exist`);
  const zone = zones.get(name);
  if (zone === undefined) throw new CommandFailure(codes.notExist, `Error: dns domain ${name} doesn't exist`);
  return zone;
}

function unsuspended(zone: Zone): Zone {
  if (zone.suspended) throw new CommandFailure(codes.suspended, `Error: dns ${zone.name} is suspended`);
  return zone;
}

function recordOf(zone: Zone, [, , id = '']: Arguments): StoredRecord {
  checks.checkId(id);
  const record = zone.records.find((one) => one.id === Number(id));
  if (record === undefined) {
    throw new CommandFailure(codes.notExist, `Error: ${zone.name} id ${id} doesn't exist`);
  }
  return record;
}

function withDot(type: string, value: string): string {
  const dotted = checks.takesDot(type) && !value.endsWith('.') ? `${value}.` : value;
  return type === 'TXT' && /[;\s]/.test(dotted) ? `"${dotted}"` : dotted;
}

function decoded(record: string): string {
  return record.includes('xn--') ? domainToUnicode(record) || record : record;
}

// Names of these types stay in punycode, the others are kept in Unicode.
function asKept(record: string, type: string): string {
  return checks.takesDot(type) && /[^\x20-\x7e]/.test(record) ? domainToASCII(record) || record : record;
}

function restartDns(state: HestiacpState, restart: string): string {
  if (restart === 'no' || restart === 'scheduled') return '';
  if (state.restartFails) throw new CommandFailure(codes.restart, 'Error: dns failed to restart');
  state.restarts += 1;
  return '';
}
