import { isRecord, item } from './readers.ts';
import type { ApiCall, Transport } from './transport.ts';

/** Path → privilege → whether it also holds for everything below that path. */
export type Permissions = ReadonlyMap<string, ReadonlyMap<string, boolean>>;

/** What the caller itself may do. @throws ProxmoxError */
export async function readPermissions(transport: Transport): Promise<Permissions> {
  const call: ApiCall = { method: 'GET', path: '/access/permissions', effect: 'none' };
  const { data } = await transport.call(call);
  return new Map(
    Object.entries(item(call, data)).map(([path, privileges]) => [
      path,
      new Map(
        isRecord(privileges) ? Object.entries(privileges).map(([name, below]) => [name, Number(below) === 1]) : [],
      ),
    ]),
  );
}
