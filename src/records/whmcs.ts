import type { Knex } from 'knex';
import type { Database } from './database.ts';
import { repeating } from './transaction.ts';

/** Which WHMCS tables are there and how they look: absent standalone, MyISAM after old upgrades, columns by version. */
export interface WhmcsSchema {
  readonly hosting: boolean;
  readonly activity: ActivityTable | undefined;
}

interface ActivityTable {
  readonly columns: ReadonlySet<string>;
  readonly transactional: boolean;
  /** Whether its texts are of some utf8, and not of an older server's latin1. */
  readonly unicode: boolean;
}

const schemas = new WeakMap<Database, Promise<WhmcsSchema>>();

/** The WHMCS schema of this database, looked at once. */
export function whmcsSchema(db: Database): Promise<WhmcsSchema> {
  const known = schemas.get(db);
  if (known) return known;
  const reading = repeating(db, () => readSchema(db));
  schemas.set(db, reading);
  reading.catch(() => schemas.delete(db));
  return reading;
}

async function readSchema(db: Database): Promise<WhmcsSchema> {
  const [hosting, activity] = await Promise.all(
    ['tblhosting', 'tblactivitylog'].map((table) => db.knex.schema.hasTable(table)),
  );
  return {
    hosting: hosting === true,
    activity: activity ? await activityTable(db) : undefined,
  };
}

async function activityTable(db: Database): Promise<ActivityTable> {
  const columns = new Set(Object.keys(await db.knex('tblactivitylog').columnInfo()));
  if (db.dialect === 'sqlite') return { columns, transactional: true, unicode: true };
  const [[found]] = await db.knex.raw(
    `SELECT t.engine AS engine, c.character_set_name AS charset FROM information_schema.tables t
     JOIN information_schema.columns c ON c.table_schema = t.table_schema AND c.table_name = t.table_name
     WHERE t.table_schema = DATABASE() AND t.table_name = 'tblactivitylog' AND c.column_name = 'description'`,
  );
  return { columns, transactional: found?.engine === 'InnoDB', unicode: /^utf8/.test(found?.charset ?? '') };
}

export interface Service {
  readonly id: number;
  /** The client's id. */
  readonly userid: number;
  readonly server: number;
  readonly domainstatus: string;
  readonly dedicatedip: string;
  /** Newline separated. */
  readonly assignedips: string;
}

const serviceColumns = ['id', 'userid', 'server', 'domainstatus', 'dedicatedip', 'assignedips'];

/** Services by id, of those that WHMCS is there for and has. */
export async function servicesOf(db: Database, ids: readonly (number | null)[]): Promise<Map<number, Service>> {
  const wanted = ids.filter((id) => id !== null);
  if (wanted.length === 0 || !(await whmcsSchema(db)).hosting) return new Map();
  const rows = await repeating<Service[]>(db, () => db.knex('tblhosting').whereIn('id', wanted).select(serviceColumns));
  return new Map(rows.map((service) => [service.id, service]));
}

/** The service behind a row, if WHMCS is there and has it. */
export async function findService(db: Database, serviceId: number | null): Promise<Service | undefined> {
  return (await servicesOf(db, [serviceId])).get(serviceId ?? -1);
}

/** The addresses that WHMCS shows for a service, the main one first. */
export function writtenAddresses({ dedicatedip, assignedips }: Service): string[] {
  return `${dedicatedip}\n${assignedips}`.split(/[\s,]+/).filter((text) => text !== '');
}

/** Whether another row that is not removed belongs to the same service: then its fields tell of that row's VM too. */
export async function serviceIsShared(db: Database, row: { id: number; service_id: number | null }): Promise<boolean> {
  const { service_id } = row;
  if (service_id === null) return false;
  const [other] = await repeating(db, () =>
    db
      .knex(db.vmTable)
      .where({ service_id })
      .whereNot({ id: row.id })
      .whereNot({ vm_status: 'remove' })
      .limit(1)
      .select('id'),
  );
  return other !== undefined;
}

/** Wipes what tells where the service's VM was, inside the transaction that ends a terminate. */
export async function clearService(trx: Knex.Transaction, serviceId: number): Promise<void> {
  await trx('tblhosting').where({ id: serviceId }).update({ dedicatedip: '', assignedips: '', domain: '' });
}
