import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { type Clock, scaledClock } from '../../src/base/clock.ts';
import type { Drain } from '../../src/engine/drain.ts';
import { runTick, type TickOptions, type TickResult } from '../../src/engine/tick.ts';
import { defaultTimeoutMs } from '../../src/proxmox/transport.ts';
import { type Database, openDatabase } from '../../src/records/database.ts';
import { migrate } from '../../src/records/migrate.ts';
import type { VmRow } from '../../src/records/vm-row.ts';
import { createTickReport } from '../../src/report/tick-report.ts';
import { loadSettings } from '../../src/settings/load.ts';
import { makeCertificate } from '../../src/simulator/certificate.ts';
import { withControl } from '../../src/simulator/control.ts';
import {
  createProxmoxSimulator,
  type ProxmoxOptions,
  type ProxmoxSimulator,
} from '../../src/simulator/proxmox/index.ts';
import type { VmSpec } from '../../src/simulator/scenario.ts';
import { serve } from '../../src/simulator/server.ts';
import { createDatabase } from './mariadb.ts';
import { startPowerdns, type TestPowerdns } from './powerdns.ts';
import { type ProcessResult, type RunningProcess, runVmctl, startVmctl } from './process.ts';
import { addService, createWhmcsTables, type TestService, type WhmcsVariant } from './whmcs.ts';

export interface SiteOptions {
  /** Default: `mysql`. */
  readonly database?: 'mysql' | 'sqlite' | undefined;
  /** WHMCS's tables, as of this variant (MariaDB only); `false`: standalone. Default: `innodb`. */
  readonly whmcs?: WhmcsVariant | false | undefined;
  /** A real PowerDNS with these zones. Default: none. */
  readonly zones?: readonly string[] | undefined;
  /** How many times as fast the time runs. Default: 20; much more, and a busy machine misses the time-outs of calls. */
  readonly speed?: number | undefined;
  readonly simulator?: Partial<Omit<ProxmoxOptions, 'clock'>> | undefined;
  /** More environment variables, as in `.env`. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** More of the YAML file, top level. */
  readonly yaml?: string | undefined;
}

/** What one tick did. */
export interface Ticked {
  readonly result: TickResult;
  /** Its lines, without the time. */
  readonly lines: readonly string[];
  readonly alarms: readonly string[];
}

/** A whole site in miniature: a real database, a simulated Proxmox VE over HTTPS, a real PowerDNS, scaled time. */
export interface Site {
  readonly db: Database;
  readonly databaseUrl: string;
  readonly proxmox: ProxmoxSimulator;
  readonly proxmoxUrl: string;
  readonly dns: TestPowerdns;
  readonly folder: string;
  readonly config: string;
  /** The environment that leads a process to this site. */
  readonly env: Readonly<Record<string, string>>;
  /** A VM in the simulator and its row, alike unless told otherwise; with addresses in the ledger. */
  addVm(options: {
    vm?: Partial<VmSpec>;
    row?: Partial<VmRow>;
    addresses?: readonly string[];
    service?: TestService;
  }): Promise<VmRow>;
  row(id: number): Promise<VmRow>;
  /** The states of the ledger's addresses. */
  addresses(): Promise<Record<string, string>>;
  /** The entries of the client's Activity Log. */
  activity(): Promise<{ description: string; userid: number }[]>;
  service(id: number): Promise<{ dedicatedip: string; assignedips: string; domain: string }>;
  /** One tick in this process. */
  tick(options?: Partial<TickOptions> & { readonly drain?: Drain; readonly db?: Database }): Promise<Ticked>;
  /** The real command in a process of its own. */
  vmctl(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<ProcessResult>;
  start(args: readonly string[], env?: Readonly<Record<string, string>>): RunningProcess;
  close(): Promise<void>;
}

function noDrain(): Drain {
  const over = new AbortController();
  return {
    draining: new AbortController().signal,
    over: over.signal,
    exitCode: undefined,
    end: () => over.abort(new Error('the tick has ended')),
  };
}

/** Scaled time in which a call to Proxmox has some real seconds: a busy machine may need them for an honest answer. */
function patientClock(anchor: number, speed: number): Clock {
  const fast = scaledClock(anchor, speed);
  const patient = scaledClock(anchor, 5);
  return { ...fast, sleep: (ms, signal) => (ms === defaultTimeoutMs ? patient : fast).sleep(ms, signal) };
}

export async function createSite(options: SiteOptions = {}): Promise<Site> {
  const { database = 'mysql', whmcs = 'innodb', zones = [], speed = 20 } = options;
  const folder = mkdtempSync(join(tmpdir(), 'vmctl-test-'));
  const anchor = Date.now();
  const clock = patientClock(anchor, speed);
  const proxmox = createProxmoxSimulator({ clock, nodes: ['pve1', 'pve2'], ...options.simulator });
  const token = proxmox.addToken({ id: 'vmctl@pve!cron' });
  const certificate = await makeCertificate();
  const server = await serve(withControl(proxmox), { tls: certificate });
  writeFileSync(join(folder, 'ca.pem'), certificate.ca);
  const dns = zones.length > 0 ? await startPowerdns({ zones }) : undefined;
  const made = database === 'mysql' ? await createDatabase() : undefined;
  const databaseUrl = made?.url ?? `sqlite:${join(folder, 'vmctl.sqlite')}`;
  const connection = made && whmcs !== false ? await createConnection({ uri: made.url, dateStrings: true }) : undefined;
  if (connection && whmcs !== false) await createWhmcsTables(connection, { variant: whmcs });

  const config = join(folder, 'vmctl.yaml');
  const zone = (name: string) =>
    `    - { zone: ${name}, provider: powerdns, url: '${dns?.url}', apiKey: '${dns?.apiKey}', server: localhost }`;
  writeFileSync(
    config,
    [
      'clusters:',
      '  main:',
      `    endpoints: ['${server.url}']`,
      `    token: '${token.id}=${token.secret}'`,
      `    tls: { ca: '${join(folder, 'ca.pem')}' }`,
      'dns:',
      '  mainDomain: example.com',
      `  zones:${zones.length === 0 ? ' []' : ''}`,
      ...zones.map(zone),
      options.yaml ?? '',
    ].join('\n'),
    { mode: 0o600 },
  );
  const env = {
    VMCTL_CONFIG: config,
    VMCTL_DATABASE_URL: databaseUrl,
    VMCTL_CLOCK: `${anchor}:${speed}`,
    TZ: 'UTC',
    ...options.env,
  };
  const settings = loadSettings({ env, cwd: folder, flags: {} });
  const db = await openDatabase({ url: databaseUrl, vmTable: settings.vmTable, timeZone: settings.timeZone, clock });
  await migrate(db);

  const site: Site = {
    db,
    databaseUrl,
    proxmox,
    proxmoxUrl: server.url,
    get dns() {
      if (!dns) throw new Error('this site has no DNS server: give createSite zones');
      return dns;
    },
    folder,
    config,
    env,
    async addVm({ vm = {}, row = {}, addresses = [], service }) {
      const vmid = vm.vmid ?? row.vm_id ?? 2000 + Object.keys(proxmox.world.vms).length;
      const name = vm.name ?? `${vmid}-1776530141`;
      const added = proxmox.addVm({ vmid, name, running: true, ...vm });
      const serviceId =
        service && connection
          ? await addService(connection, {
              dedicatedip: addresses[0] ?? '',
              assignedips: addresses.slice(1).join('\n'),
              domain: `${name}.example.com`,
              ...service,
            })
          : null;
      const [id] = await db.knex(db.vmTable).insert({
        service_id: serviceId,
        vm_status: 'terminate',
        cluster: 'main',
        node: added.node,
        vm_id: vmid,
        vm_name: name,
        vm_uuid: /uuid=([0-9a-f-]{36})/.exec(String(added.config.smbios1))?.[1] ?? null,
        domain: `${name}.example.com`,
        ...row,
      });
      if (id === undefined) throw new Error('the row was not inserted');
      for (const address of addresses) {
        await db
          .knex('mod_vmctl_ip_allocations')
          .insert({ address, row_id: id, state: 'allocated', allocated_at: db.clock.sql() });
      }
      return site.row(id);
    },
    async row(id) {
      const row = await db.knex<VmRow>(db.vmTable).where({ id }).first();
      if (!row) throw new Error(`no row ${id}`);
      return row;
    },
    async addresses() {
      const rows: { address: string; state: string }[] = await db.knex('mod_vmctl_ip_allocations').orderBy('address');
      return Object.fromEntries(rows.map(({ address, state }) => [address, state]));
    },
    activity: () => db.knex('tblactivitylog').orderBy('id').select('description', 'userid'),
    service: (id) => db.knex('tblhosting').where({ id }).first('dedicatedip', 'assignedips', 'domain'),
    async tick({ drain = noDrain(), db: through = db, ...tickOptions } = {}) {
      const lines: string[] = [];
      const alarms: string[] = [];
      const sink = {
        line: (text: string) => lines.push(text.slice(20)),
        alarm: (text: string) => alarms.push(text),
        fault: (text: string) => alarms.push(text),
        counts() {},
      };
      const report = createTickReport(sink, clock, settings.timeZone);
      const result = await runTick(
        { db: through, settings, clock, report, drain },
        { concurrency: 50, maxRuntimeSeconds: 600, ...tickOptions },
      );
      return { result, lines, alarms };
    },
    vmctl: (args, more) => runVmctl(args, { env: { ...env, ...more }, cwd: folder }),
    start: (args, more) => startVmctl(args, { env: { ...env, ...more }, cwd: folder }),
    async close() {
      await db.close();
      await connection?.end();
      await server.close();
      await dns?.stop();
      await made?.drop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return site;
}
