import type { VmRow } from '../records/vm-row.ts';

/** One row in one line, for messages. */
export function rowText(row: VmRow): string {
  const vm = row.vm_id === null ? 'no VM' : `VM ${row.cluster ?? '?'}/${row.vm_id} ${row.vm_name ?? ''}`.trimEnd();
  const service = row.service_id === null ? '' : `, service ${row.service_id}`;
  return `row ${row.id}${service}, ${vm}, ${row.vm_status}`;
}
