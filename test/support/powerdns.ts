import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { chownSync, closeSync, existsSync, mkdtempSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import Database from 'better-sqlite3';
import { z } from 'zod';
import { systemClock } from '../../src/base/clock.ts';
import { freePort, ownServer } from './own-server.ts';

const binary = '/usr/sbin/pdns_server';
const schema = '/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql';
const apiKey = 'test-powerdns-key';
const nobody = 65_534;
const run = promisify(execFile);

const wireRrset = z.object({
  name: z.string(),
  type: z.string(),
  ttl: z.number(),
  records: z.array(z.object({ content: z.string() })),
});
const wireZone = z.object({ serial: z.number(), rrsets: z.array(wireRrset) });

/** A set as the API speaks of it: names and host names with their final dot. */
type WireRrset = z.infer<typeof wireRrset>;

/** A zone of the server, looked at and changed past the program under test. */
interface TestZone {
  /** Everything but SOA and NS: `vm1.example.test A` → contents, sorted. */
  records(): Promise<Record<string, string[]>>;
  put(...sets: WireRrset[]): Promise<void>;
  /** The SOA serial: it grows with every change that reaches the server. */
  serial(): Promise<number>;
}

export interface TestPowerdns {
  readonly url: string;
  readonly apiKey: string;
  readonly dnsPort: number;
  zone(name: string): TestZone;
  addZone(name: string): Promise<void>;
  /** What a resolver gets for a question. */
  dig(name: string, type: string): Promise<string>;
  stop(): Promise<void>;
}

/**
 * Starts a real PowerDNS Authoritative Server (SQLite in a temporary folder) on free loopback ports, with empty zones.
 * @throws Error that names the command to type where it is not installed.
 */
export async function startPowerdns({ zones }: { zones: readonly string[] }): Promise<TestPowerdns> {
  if (!existsSync(binary) || !existsSync(schema)) {
    throw new Error(
      'PowerDNS is not installed: apt-get install -y --no-install-recommends pdns-server pdns-backend-sqlite3 pdns-tools',
    );
  }
  // Another process may take a port between its choice and the start.
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startOnce(zones);
    } catch (error) {
      if (attempt === 3) throw error;
    }
  }
}

async function startOnce(zones: readonly string[]): Promise<TestPowerdns> {
  const folder = mkdtempSync(join(tmpdir(), 'vmctl-pdns-'));
  const [apiPort, dnsPort] = [await freePort(), await freePort()];
  const { child, stop } = launch(folder, apiPort, dnsPort);
  const url = `http://127.0.0.1:${apiPort}`;
  try {
    await answering(url, child, join(folder, 'log'));
    const server = describe(url, dnsPort, stop);
    for (const zone of zones) await server.addZone(zone);
    return server;
  } catch (error) {
    await stop();
    throw error;
  }
}

function launch(folder: string, apiPort: number, dnsPort: number) {
  const database = new Database(join(folder, 'pdns.sqlite3'));
  database.exec(readFileSync(schema, 'utf8'));
  database.close();
  writeFileSync(join(folder, 'pdns.conf'), configuration(folder, apiPort, dnsPort));
  const log = openSync(join(folder, 'log'), 'w');
  const server = [binary, `--config-dir=${folder}`];
  // PowerDNS is not to run as root, and its folder belongs to who runs it.
  const asRoot = process.getuid?.() === 0;
  if (asRoot) for (const file of ['', 'pdns.sqlite3', 'pdns.conf']) chownSync(join(folder, file), nobody, nobody);
  const drop = asRoot ? [`--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups'] : [];
  // --pdeathsig: a test process that is killed hard leaves no server behind.
  const args = ['--pdeathsig=KILL', ...drop, ...server];
  const child = spawn('setpriv', args, { stdio: ['ignore', log, log] });
  closeSync(log);
  return { child, stop: ownServer(child, folder) };
}

function configuration(folder: string, apiPort: number, dnsPort: number): string {
  return `daemon=no
guardian=no
launch=gsqlite3
gsqlite3-database=${folder}/pdns.sqlite3
gsqlite3-pragma-synchronous=0
gsqlite3-dnssec=yes
local-address=127.0.0.1
local-port=${dnsPort}
api=yes
api-key=${apiKey}
webserver=yes
webserver-address=127.0.0.1
webserver-port=${apiPort}
webserver-allow-from=127.0.0.1
socket-dir=${folder}
write-pid=no
security-poll-suffix=
default-soa-content=ns1.@ hostmaster.@ 0 10800 3600 604800 3600
loglevel=4
cache-ttl=0
query-cache-ttl=0
negquery-cache-ttl=0
zone-cache-refresh-interval=0
`;
}

async function answering(url: string, child: ChildProcess, log: string): Promise<void> {
  const deadline = systemClock.monotonic() + 15_000;
  while (systemClock.monotonic() < deadline) {
    if (child.exitCode !== null) break;
    const up = await call(url, 'GET', '').then(
      () => true,
      () => false,
    );
    if (up) return;
    await systemClock.sleep(50);
  }
  throw new Error(`PowerDNS did not start:\n${readFileSync(log, 'utf8')}`);
}

function describe(url: string, dnsPort: number, stop: () => Promise<void>): TestPowerdns {
  const path = (zone: string) => `/zones/${zone.replaceAll('/', '=2F')}.`;
  const read = async (zone: string) => wireZone.parse(await call(url, 'GET', path(zone)));
  return {
    url,
    apiKey,
    dnsPort,
    stop,
    async addZone(name) {
      await call(url, 'POST', '/zones', { name: `${name}.`, kind: 'Native', nameservers: ['ns1.example.test.'] });
    },
    zone: (name) => ({
      async records() {
        const { rrsets } = await read(name);
        const sets = rrsets.filter(({ type }) => type !== 'SOA' && type !== 'NS');
        const entries = sets.map((set): [string, string[]] => [
          `${set.name.replace(/\.$/, '')} ${set.type}`,
          set.records.map(({ content }) => content).sort(),
        ]);
        return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
      },
      async put(...sets) {
        const rrsets = sets.map((set) => ({ ...set, changetype: 'REPLACE' }));
        await call(url, 'PATCH', path(name), { rrsets });
      },
      serial: async () => (await read(name)).serial,
    }),
    async dig(name, type) {
      return (await run('sdig', ['127.0.0.1', String(dnsPort), name, type])).stdout;
    },
  };
}

async function call(url: string, method: string, path: string, body?: object, tries = 50): Promise<unknown> {
  const response = await fetch(`${url}/api/v1/servers/localhost${path}`, {
    method,
    headers: { 'X-API-Key': apiKey, Accept: 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  // Its SQLite is locked: somebody else writes.
  if (response.status === 500 && tries > 1) {
    await systemClock.sleep(20 + Math.random() * 20);
    return call(url, method, path, body, tries - 1);
  }
  if (!response.ok) throw new Error(`PowerDNS: ${method} ${path}: ${response.status} ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}
