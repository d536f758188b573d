import { RefusedError, UsageError } from '../base/errors.ts';
import type { Database } from '../records/database.ts';
import { findRows, type VmRow } from '../records/vm-row.ts';
import { rowText } from './row-text.ts';

/** What an operator may name a row by: `42`, `service:5546`, `vmid:2003`, `main/vmid:2003`. */
function parse(id: string): Parameters<typeof findRows>[1] {
  const [, cluster, kind, number] = /^(?:([^/]+)\/)?(?:(service|vmid):)?(\d{1,18})$/.exec(id) ?? [];
  if (number === undefined || (cluster !== undefined && kind !== 'vmid')) {
    throw new UsageError(`unknown id ${JSON.stringify(id)}`, {
      cure: 'expected a row id (42), service:<service id>, vmid:<VMID> or <cluster>/vmid:<VMID>; vmctl list shows them',
    });
  }
  if (kind === 'service') return { service_id: Number(number) };
  if (kind === 'vmid') return { vm_id: Number(number), ...(cluster === undefined ? {} : { cluster }) };
  return { id: Number(number) };
}

/**
 * The row that `id` means. Removed rows count only where nothing else matches.
 * @throws UsageError for an unknown id; RefusedError, with the list, where several rows match.
 */
export async function resolveRow(db: Database, id: string): Promise<VmRow> {
  const rows = await findRows(db, parse(id));
  const living = rows.filter(({ vm_status }) => vm_status !== 'remove');
  const [row, ...others] = living.length > 0 ? living : rows;
  if (!row) throw new UsageError(`no row for ${id}`, { cure: 'vmctl list shows the rows' });
  if (others.length > 0) {
    throw new RefusedError(
      `${id} means more than one row:\n${[row, ...others].map((one) => `  ${rowText(one)}`).join('\n')}`,
      {
        cure: 'name the one you mean by its row id',
      },
    );
  }
  return row;
}
