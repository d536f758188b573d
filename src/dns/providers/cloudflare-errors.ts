import type { CloudflareZone } from '../../settings/types.ts';
import { DnsError } from '../errors.ts';
import type { FailureKind } from '../provider.ts';
import type { DnsResponse } from '../sender.ts';
import { kindOfStatus } from './answer.ts';
import { type CloudflareError, parseEnvelope } from './cloudflare-wire.ts';

/** Cloudflare publishes no list of its codes: these were seen in public reports. */
const loginCodes = new Set([1000, 6003, 6111, 9103, 9106, 9109, 10000, 10001]);
const noZoneCodes = new Set([1001, 7000, 7003]);
/** Not there any more, there already, identical already. */
const staleCodes = new Set([81044, 81057, 81058]);
/** The zone's plan allows no more records. */
const quotaCode = 81045;

export interface CloudflareFailure {
  /** `stale`: the zone is not as it was read. */
  readonly kind: FailureKind | 'stale';
  readonly error: DnsError;
}

/** The failure that an answer tells, or undefined for a success. The HTTP status alone proves none. */
export function failureOf(zone: CloudflareZone, response: DnsResponse): CloudflareFailure | undefined {
  const envelope = parseEnvelope(response.text);
  const accepted = response.status >= 200 && response.status < 300;
  if (accepted && envelope?.success === true) return undefined;
  const { kind, cure } = judge(zone, response.status, envelope?.errors);
  const errorKind = kind === 'transient' ? kind : 'permanent';
  return { kind, error: new DnsError(errorKind, messageOf(zone, response.status, envelope?.errors), { cure }) };
}

function judge(
  { zone, zoneId }: CloudflareZone,
  status: number,
  errors: readonly CloudflareError[] | undefined,
): { kind: CloudflareFailure['kind']; cure?: string } {
  if (kindOfStatus(status) === 'transient') return { kind: 'transient' };
  if (errors === undefined) return { kind: 'permanent', cure: `check the url of the zone ${zone}` };
  const has = (codes: ReadonlySet<number>) => errors.some(({ code }) => codes.has(code));
  if (has(loginCodes) || status === 401 || status === 403) {
    return { kind: 'permanent', cure: `check the token of the zone ${zone}: it needs DNS Write on it, from this host` };
  }
  if (has(noZoneCodes)) return { kind: 'permanent', cure: `check the zoneId ${zoneId} of the zone ${zone}` };
  if (has(staleCodes)) return { kind: 'stale' };
  return errors.some(({ code }) => blamesRecord(code)) ? { kind: 'refused' } : { kind: 'permanent' };
}

function blamesRecord(code: number): boolean {
  const dns = (code >= 9000 && code < 9100) || (code >= 81000 && code < 82000);
  return code === 1004 || (dns && code !== quotaCode);
}

/** Never the text of what is no answer of the API. */
function messageOf(zone: CloudflareZone, status: number, errors: readonly CloudflareError[] | undefined): string {
  const { url, zoneId } = zone;
  if (errors === undefined && kindOfStatus(status) === 'transient') return `${url}: HTTP ${status}`;
  if (errors === undefined) return `${url} does not answer like the Cloudflare API (HTTP ${status})`;
  const told = errors.map(({ code, message }) => `${message.slice(0, 200)} (Cloudflare code ${code})`).join(', ');
  if (errors.some(({ code }) => noZoneCodes.has(code))) return `no zone with the id ${zoneId} at ${url}: ${told}`;
  return told === '' ? `Cloudflare refuses without a reason (HTTP ${status})` : told;
}
