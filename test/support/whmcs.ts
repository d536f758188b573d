import type { Connection, ResultSetHeader } from 'mysql2/promise';
import { whmcsTables } from './whmcs-tables.ts';

/**
 * How the tables look. `innodb`: WHMCS 8. `myisam`: an installation upgraded from 5.x. `old`: before 8.0, whose Activity
 * Log has no `user_id` and `admin_id`. `utf8mb3`: an old collation, which cannot be joined with the others'.
 * All are of three-byte utf8, as WHMCS makes them.
 */
export type WhmcsVariant = 'innodb' | 'myisam' | 'old' | 'utf8mb3';

/** WHMCS runs with an empty `sql_mode`; its zero dates need one. The session's own mode is put back. */
async function withWhmcsMode<T>(connection: Connection, action: () => Promise<T>): Promise<T> {
  await connection.query("SET @vmctl_test_mode = @@SESSION.sql_mode, SESSION sql_mode = ''");
  try {
    return await action();
  } finally {
    await connection.query('SET SESSION sql_mode = @vmctl_test_mode');
  }
}

/** Makes WHMCS's tables in the connection's schema. */
export async function createWhmcsTables(
  connection: Connection,
  { variant = 'innodb' }: { variant?: WhmcsVariant } = {},
): Promise<void> {
  const engine = variant === 'myisam' ? 'MyISAM' : 'InnoDB';
  const collation = variant === 'utf8mb3' ? 'utf8_general_ci' : 'utf8_unicode_ci';
  await withWhmcsMode(connection, async () => {
    for (const [table, columns] of Object.entries(whmcsTables)) {
      await connection.query(
        `CREATE TABLE ${table} (${columns}) ENGINE=${engine} DEFAULT CHARSET=utf8 COLLATE=${collation}`,
      );
    }
    if (variant === 'old')
      await connection.query('ALTER TABLE tblactivitylog DROP COLUMN user_id, DROP COLUMN admin_id');
  });
}

export interface TestService {
  readonly id?: number;
  /** The client's id. */
  readonly userid?: number;
  readonly packageid?: number;
  readonly server?: number;
  readonly domainstatus?: string;
  readonly domain?: string;
  readonly dedicatedip?: string;
  /** Newline separated. */
  readonly assignedips?: string;
}

/** Adds a service with every column filled, zero dates included. Returns its id. */
export async function addService(connection: Connection, service: TestService = {}): Promise<number> {
  const row = {
    userid: 1,
    orderid: 1,
    packageid: 1,
    server: 1,
    regdate: '2025-11-03',
    domain: '',
    paymentmethod: 'banktransfer',
    billingcycle: 'Monthly',
    nextduedate: '0000-00-00',
    nextinvoicedate: '0000-00-00',
    termination_date: '0000-00-00',
    completed_date: '0000-00-00',
    domainstatus: 'Active',
    username: 'root',
    password: 'ZW5jcnlwdGVk',
    notes: '',
    subscriptionid: '',
    promoid: 0,
    suspendreason: '',
    overideautosuspend: 0,
    overidesuspenduntil: '0000-00-00',
    dedicatedip: '',
    assignedips: '',
    ns1: '',
    ns2: '',
    lastupdate: '0000-00-00 00:00:00',
    created_at: '2025-11-03 10:00:00',
    updated_at: '0000-00-00 00:00:00',
    ...service,
  };
  return withWhmcsMode(connection, async () => {
    const [result] = await connection.query<ResultSetHeader>('INSERT INTO tblhosting SET ?', [row]);
    return result.insertId;
  });
}
