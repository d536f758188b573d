import { isIPv4, isIPv6 } from 'node:net';
import { invalid } from './refusal.ts';

// The checks of func/main.sh and func/internal/dns_record_validator.php in 1.10, for the types that are simulated.

const recordExclusions = /[!|#$^&()+={}:<>?/"';%` ]/;
const domainExclusions = /[[\]!@#$^&*()+={},<>?_/\\"|'`;%\s]/;
const hostLabel = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i;

export function checkRecord(record: string): void {
  const wrong =
    recordExclusions.test(record) ||
    record.length >= 400 ||
    (record.includes('@') && record.length > 1) ||
    (record.includes('*') && !record.includes('*.') && record !== '*') ||
    /[^a-zA-Z0-9_*@.]$/.test(record) ||
    /^[^a-zA-Z0-9_*@]/.test(record) ||
    ['..', '--', '__'].some((part) => record.includes(part));
  if (wrong) throw invalid(`invalid record format :: ${record}`);
}

export function checkDomain(domain: string): void {
  const wrong = domainExclusions.test(domain) || /^\d+$|\.\.|^[-.]|[-.]$|\.-|-\.|^www$/.test(domain);
  if (wrong) throw invalid(`invalid domain format :: ${domain}`);
}

export function checkUser(user: string): void {
  if (!/^[a-z0-9]([-|._a-z0-9]{0,28}[a-z0-9])?$/i.test(user)) throw invalid(`invalid user format :: ${user}`);
}

export function checkId(id: string): void {
  if (!/^[1-9]\d*$/.test(id)) throw invalid(`invalid id format :: ${id}`);
}

export function checkTtl(ttl: string): void {
  if (ttl !== '' && !/^\d+$/.test(ttl)) throw invalid(`invalid ttl format :: ${ttl}`);
}

export function checkRestart(restart: string): void {
  const known = ['', 'yes', 'no', 'ssl', 'reload', 'updatessl', 'scheduled'];
  if (!known.includes(restart)) throw invalid(`invalid restart format :: ${restart}`);
}

const valueChecks: Readonly<Record<string, (value: string) => boolean>> = {
  A: (value) => isIPv4(value),
  AAAA: (value) => isIPv6(value) && !value.includes('%'),
  NS: isHost,
  PTR: isHost,
  CNAME: (value) => value !== '.',
  TXT: (value) => /^[\x20-\x7e]+$/.test(value),
};

function isHost(value: string): boolean {
  const name = value.replace(/\.+$/, '');
  return name.length <= 253 && name.split('.').every((label) => hostLabel.test(label));
}

export function checkValue(type: string, value: string): void {
  const isValid = valueChecks[type];
  if (isValid === undefined) throw invalid(`invalid dns record type format :: ${type}`);
  if (!isValid(value)) throw invalid(`invalid ${type} record format :: ${value}`);
}

/** `value` with its final dot: a host of these types needs so many dots. */
export function checkIsFqdn(type: string, value: string): void {
  const least = type === 'NS' ? 3 : 2;
  if (!takesDot(type) || value.split('.').length - 1 >= least) return;
  throw invalid(`${type} record ${value.replace(/\.$/, '')} should be a fully qualified domain name (FQDN)`);
}

export function takesDot(type: string): boolean {
  return type === 'NS' || type === 'CNAME' || type === 'PTR';
}
