import installation from './001_installation.ts';
import ticks from './002_ticks.ts';
import { vmInfo } from './003_vm_info.ts';
import ipAllocations from './004_ip_allocations.ts';
import vmidAllocations from './005_vmid_allocations.ts';
import logRuns from './006_log_runs.ts';
import logEntries from './007_log_entries.ts';
import dnsDeletions from './008_dns_deletions.ts';
import duties from './009_duties.ts';
import slots from './010_slots.ts';
import type { Migration } from './table.ts';

/** The schema of vmctl's own tables, in order. WHMCS's tables are never touched by a migration. */
export function migrations(vmTable: string): readonly Migration[] {
  return [
    installation,
    ticks,
    vmInfo(vmTable),
    ipAllocations,
    vmidAllocations,
    logRuns,
    logEntries,
    dnsDeletions,
    duties,
    slots,
  ];
}

export type { Migration } from './table.ts';
