import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Database, openDatabase } from '../../src/records/database.ts';
import type { Timing } from '../../src/simulator/proxmox/index.ts';
import { ConnectionLost } from '../../src/simulator/wire.ts';
import { startHttpGate } from '../support/http-gate.ts';
import { startMysqlGate, type Verdict } from '../support/mysql-gate.ts';
import type { RunningProcess } from '../support/process.ts';
import { createSite, type Site, type SiteOptions } from '../support/site.ts';

/** One call that a process makes to anything outside: to the database, to a DNS server, to Proxmox. */
export interface Call {
  /** From 1 since `watch`, over all three. */
  readonly index: number;
  readonly to: 'sql' | 'dns' | 'proxmox';
  /** The statement, or method and path. */
  readonly what: string;
  /** `before`: it has had no effect yet. `after`: it has, and its answer is held back. */
  readonly phase: 'before' | 'after';
}

export type OnCall = (call: Call) => Verdict | undefined | Promise<Verdict | undefined>;

/** A site whose processes reach database, DNS and Proxmox only through doors at which a test may stand. */
export interface GatedSite extends Site {
  /** From now on every call is shown to `onCall`. `cut`: the connection ends there. */
  watch(onCall: OnCall): void;
  /** From now on everything passes. */
  unwatch(): void;
  /** A process behind the doors. Others, started by `start` and `vmctl`, are not. */
  startGated(args: readonly string[]): RunningProcess;
  /** The database through its door, for a tick in this process. Closed with the site. */
  readonly gatedDb: Database;
  readonly gatedUrl: string;
}

export interface GatedSiteOptions extends Omit<SiteOptions, 'database' | 'simulator'> {
  /** How long things take in the simulated Proxmox. */
  readonly timing?: Partial<Timing> | undefined;
}

/** @param options of `createSite`, on MariaDB; at least one zone. */
export async function createGatedSite({ timing = {}, ...options }: GatedSiteOptions): Promise<GatedSite> {
  let onCall: OnCall | undefined;
  let seen = new Map<string, number>();

  async function show(to: Call['to'], own: { index: number; phase: Call['phase'] }, what: string) {
    const key = `${to} ${own.index}`;
    if (own.phase === 'before') seen.set(key, seen.size + 1);
    const index = seen.get(key);
    // Its first half passed before anybody watched.
    return index === undefined ? 'pass' : await onCall?.({ index, to, what, phase: own.phase });
  }

  const site = await createSite({
    ...options,
    simulator: {
      timing,
      async onRequest({ index, method, path, phase }) {
        const verdict = await show('proxmox', { index, phase }, `${method} ${path}`);
        if (verdict === 'cut') throw new ConnectionLost('ECONNRESET');
      },
    },
  });
  const sql = await startMysqlGate(site.databaseUrl, (call) => show('sql', call, call.sql));
  const dns = await startHttpGate(site.dns.url, (call) => show('dns', call, `${call.method} ${call.path}`));
  const config = join(site.folder, 'gated.yaml');
  writeFileSync(config, readFileSync(site.config, 'utf8').replaceAll(site.dns.url, dns.url));

  const { vmTable, timeZone, hostClock: clock } = site.db;
  const gatedDb = await openDatabase({ url: sql.url, vmTable, timeZone, clock });

  return {
    ...site,
    gatedDb,
    gatedUrl: sql.url,
    // A getter, which the spread would have asked once.
    get dns() {
      return site.dns;
    },
    watch(shown) {
      seen = new Map();
      onCall = shown;
    },
    unwatch() {
      onCall = undefined;
    },
    startGated: (args) => site.start(args, { VMCTL_CONFIG: config, VMCTL_DATABASE_URL: sql.url }),
    async close() {
      await gatedDb.close();
      await Promise.all([sql.close(), dns.close()]);
      await site.close();
    },
  };
}
