import { inspectServer, type ServerFacts } from '../records/inspect/server.ts';
import type { Check } from './context.ts';
import { failure, failureOf, type Observation, ok, warning } from './finding.ts';

/** The oldest version that works, and the ones that vmctl is tested with. */
const versions = {
  MariaDB: { oldest: '10.3', tested: /^10\.11\./ },
  MySQL: { oldest: '5.7', tested: /^$/ },
  SQLite: { oldest: '3.37', tested: /^3\./ },
} as const;

/** Below 0 where `a` is older than `b`; both of numbers and dots. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.split('.').map(Number));
  for (const index of [0, 1, 2]) {
    const difference = (left?.[index] ?? 0) - (right?.[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function versionOf({ product, version }: ServerFacts): Observation {
  const { oldest, tested } = versions[product];
  const found = `${product} ${version}`;
  if (compareVersions(version, oldest) < 0) {
    return failure('version', `${found} is too old`, `update the server to ${product} ${oldest} or newer`);
  }
  if (tested.test(version)) return ok('version', found);
  return warning('version', `vmctl is untested with ${found}`, 'try it on a copy first; MariaDB 10.11 is tested');
}

function modesOf({ product, sqlMode, binlogFormat, readOnly }: ServerFacts): Observation[] {
  if (product === 'SQLite') return [];
  const binlog =
    binlogFormat === 'STATEMENT'
      ? failure(
          'binary log',
          'binlog_format is STATEMENT: InnoDB refuses every write in READ COMMITTED, which vmctl works in',
          "SET GLOBAL binlog_format = 'ROW'; and binlog_format = ROW in the server's configuration",
        )
      : ok('binary log', binlogFormat === undefined ? 'off' : `binlog_format is ${binlogFormat}`);
  const found = `the server's is ${sqlMode === '' ? 'empty' : sqlMode}; vmctl's connections set their own`;
  const writable = readOnly
    ? [failure('read_only', 'the server is read-only: a replica?', 'name the primary in VMCTL_DATABASE_URL')]
    : [];
  return [binlog, ok('sql_mode', found), ...writable];
}

export const database: Check = {
  name: 'database',
  looksAt: 'it answers and lets vmctl in; its version; `binlog_format`, `sql_mode`, `read_only`',
  async run(context) {
    try {
      const facts = await inspectServer(await context.database());
      return [ok('connection', 'answers'), versionOf(facts), ...modesOf(facts)];
    } catch (error) {
      return [failureOf('connection', error)];
    }
  },
};
