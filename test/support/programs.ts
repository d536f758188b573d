import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, rmSync, writeFileSync } from 'node:fs';

/** What the tests run beside vmctl, by Debian package: a file that is there when the package is. */
const programs: Readonly<Record<string, string>> = {
  'mariadb-server': '/usr/sbin/mariadbd',
  'pdns-server': '/usr/sbin/pdns_server',
  'pdns-backend-sqlite3': '/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql',
  'pdns-tools': '/usr/bin/sdig',
  cron: '/usr/sbin/cron',
};

function missingPrograms(): string[] {
  return Object.entries(programs).flatMap(([name, file]) => (existsSync(file) ? [] : [name]));
}

/** Runs `install` while no service may start by itself: the tests start what they need, on loopback. */
function withoutServices(install: () => void): void {
  const policy = '/usr/sbin/policy-rc.d';
  const ours = !existsSync(policy);
  if (ours) {
    writeFileSync(policy, '#!/bin/sh\nexit 101\n');
    chmodSync(policy, 0o755);
  }
  try {
    install();
  } finally {
    if (ours) rmSync(policy);
  }
}

/**
 * Makes sure that MariaDB, PowerDNS and cron are installed: with apt-get where this is root and there is one.
 * @throws Error with the one command to type, everywhere else.
 */
export function ensurePrograms(): void {
  const missing = missingPrograms();
  if (missing.length === 0) return;
  const install = ['install', '-y', '--no-install-recommends', ...missing];
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    throw new Error(
      `The tests need ${missing.join(', ')}. Type: sudo apt-get update && sudo apt-get ${install.join(' ')}`,
    );
  }
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  withoutServices(() => {
    execFileSync('apt-get', ['update', '-qq'], { stdio: 'inherit', env: environment });
    execFileSync('apt-get', install, { stdio: 'inherit', env: environment });
  });
}
