import { redact } from '../base/redact.ts';

/** What became of one DNS record, as far as its line tells it. */
export interface RecordReport {
  readonly kind: 'fwd' | 'rev';
  readonly change: 'set' | 'delete';
  readonly provider: string;
  readonly zone: string;
  readonly fqdn?: string | undefined;
  readonly address?: string | undefined;
  readonly host?: string | undefined;
  readonly addresses: readonly string[];
  readonly ok: boolean;
  readonly error?: string | undefined;
}

/** `fwd-del OK [hestiacp] puqcloud.com ← 5546-1776530141.puqcloud.com`, and its three siblings (contract, section 5). */
export function recordLine(record: RecordReport): string {
  const verb = `${record.kind}${record.change === 'delete' ? '-del' : ''}`;
  const what = record.kind === 'fwd' ? record.fqdn : record.address;
  const line = `${verb} ${record.ok ? 'OK' : 'ERR'} [${record.provider}] ${record.zone} ← ${what}${suffix(record)}`;
  return record.ok ? line : `${line}: ${redact(record.error ?? 'no reason given')}`;
}

function suffix({ kind, change, host, addresses }: RecordReport): string {
  if (change === 'delete') return '';
  if (kind === 'rev') return ` → ${host}`;
  return ` (${addresses.length} ${addresses.length === 1 ? 'IP' : 'IPs'})`;
}
