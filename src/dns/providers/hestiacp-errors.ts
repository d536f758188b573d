import type { HestiacpZone } from '../../settings/types.ts';
import { DnsError } from '../errors.ts';
import type { FailureKind } from '../provider.ts';
import type { DnsResponse } from '../sender.ts';
import { kindOfStatus } from './answer.ts';
import { errorTextOf, exitCodeOf } from './hestiacp-wire.ts';

/** HestiaCP's names of its exit codes (func/main.sh); 0 is OK. */
const names = [
  'OK ARGS INVALID NOTEXIST EXISTS SUSPENDED UNSUSPENDED INUSE LIMIT PASSWORD FORBIDDEN DISABLED',
  'PARSING DISK LA CONNECT FTP DB RRD UPDATE RESTART API_DISABLED',
]
  .join(' ')
  .split(' ');

/** The machine has trouble that passes: full disk, high load, a service that does not answer. */
const transientCodes = new Set([13, 14, 15, 16, 17, 18, 19]);

export interface HestiacpFailure {
  readonly kind: FailureKind;
  readonly error: DnsError;
}

/** The failure that an answer tells. Only the change of a record can be `refused`; so `command` says which it was. */
export function failureOf(zone: HestiacpZone, response: DnsResponse, command: string): HestiacpFailure {
  const code = exitCodeOf(response);
  const text = errorTextOf(response);
  if (code === undefined && text !== undefined) return { kind: 'permanent', error: new DnsError('permanent', text) };
  if (code === undefined || code === 0) return noHestia(zone, response);
  const kind = transientCodes.has(code) ? 'transient' : 'permanent';
  const error = new DnsError(kind, `${text ?? reasonOf(code, command)} (HestiaCP code ${code})`, {
    cure: cureOf(code, zone),
  });
  return { kind: code === 2 && command !== 'v-list-dns-records' ? 'refused' : kind, error };
}

/** With a password only the code comes. */
function reasonOf(code: number, command: string): string {
  const known = `${command}: ${names[code] ?? 'unknown code'}`;
  return code === 2 && command === 'v-delete-dns-record' ? `${known}, as for the last A or NS record of a zone` : known;
}

function cureOf(code: number, { zone, owner, auth }: HestiacpZone): string | undefined {
  const login = auth.kind === 'accessKey' ? 'accessKey and secretKey' : 'username and password';
  const cures: Readonly<Record<number, string>> = {
    3: `create the zone ${zone} for the user ${owner} there, or take it out of the configuration`,
    5: `unsuspend the zone ${zone} and its user ${owner} in HestiaCP`,
    8: `raise the limit of DNS records in the package of the user ${owner}`,
    9: `check the ${login} of the zone ${zone}`,
    10:
      `check the ${login} of the zone ${zone}: an access key is for one user, a password for the first administrator; ` +
      "the key's profile must allow the v-…-dns-record commands, and API_ALLOWED_IP this host",
    11: 'switch the API on in HestiaCP, and allow this host',
    21: 'switch the API on for all users in HestiaCP (API_SYSTEM=2)',
  };
  return cures[code];
}

/** A page of the web server in front of it, or of something else at the URL. Its text is nobody's business. */
function noHestia({ url, zone }: HestiacpZone, { status }: DnsResponse): HestiacpFailure {
  const kind = kindOfStatus(status);
  const error =
    kind === 'transient'
      ? new DnsError(kind, `${url}: HTTP ${status}`)
      : new DnsError(kind, `${url} does not answer like the HestiaCP API (HTTP ${status})`, {
          cure: `check the url of the zone ${zone} in the configuration`,
        });
  return { kind, error };
}
