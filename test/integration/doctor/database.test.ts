import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { localTime } from '../../../src/base/local-time.ts';
import { createDatabase, startPrivateMariadb } from '../../support/mariadb.ts';
import { createSite, type Site } from '../../support/site.ts';
import { examine } from './examine.ts';

let site: Site;
beforeAll(async () => {
  site = await createSite({ speed: 2, whmcs: 'myisam' });
});
afterAll(() => site.close());

it('names a database that is out of reach, in exit code 5, and goes on with the rest', async () => {
  const found = await examine(site, ['database', 'tables', 'entry points'], {
    env: { VMCTL_DATABASE_URL: 'mysql://vmctl:secret-word@127.0.0.1:1/whmcs' },
  });
  expect(found.wrong).toEqual([
    expect.stringMatching(/^failure connection: the database is not reachable: .* => check VMCTL_DATABASE_URL/),
  ]);
  expect(found.findings.some(({ check, state }) => check === 'entry points' && state === 'ok')).toBe(true);
  expect(found.exitCode).toBe(5);
});

it('names a user that the database refuses', async () => {
  const url = new URL(site.databaseUrl);
  url.username = 'nobody_known';
  url.password = 'secret-word';
  const found = await examine(site, ['database'], { env: { VMCTL_DATABASE_URL: url.href } });
  expect(found.wrong).toEqual([
    expect.stringMatching(/^failure connection: the database refuses: Access denied .* => check user/),
  ]);
  expect(found.exitCode).toBe(2);
});

it('names an embedded database that is not there, and does not make it', async () => {
  const file = join(site.folder, 'none', 'vmctl.sqlite');
  const found = await examine(site, ['database', 'installation'], { env: { VMCTL_DATABASE_URL: `sqlite:${file}` } });
  expect(found.wrong).toEqual([`failure connection: there is no database ${file} yet => run: vmctl db migrate`]);
  expect(existsSync(file)).toBe(false);
});

it('names pending migrations and the command', async () => {
  const empty = await createDatabase();
  try {
    const found = await examine(site, ['installation'], { env: { VMCTL_DATABASE_URL: empty.url } });
    expect(found.wrong).toEqual([
      expect.stringMatching(/^failure migrations: pending: 001_.* => run: vmctl db migrate/),
    ]);
    expect(found.exitCode).toBe(2);
  } finally {
    await empty.drop();
  }
});

it('names a copy of the database and vmctl db adopt', async () => {
  await site.db.knex('mod_vmctl_installation').update({ host: 'db.production' });
  const found = await examine(site, ['installation']);
  const host = site.db.knex.raw('@@hostname');
  await site.db.knex('mod_vmctl_installation').update({ host });
  expect(found.about('database')).toEqual([
    expect.stringMatching(
      /^failure database: this is not the database .*expected .*db\.production.* => .*vmctl db adopt/,
    ),
  ]);
});

it('warns of MyISAM tables of WHMCS, with what it means and the ALTER', async () => {
  const found = await examine(site, ['tables']);
  expect(found.wrong).toEqual([
    expect.stringMatching(
      /^warning tblactivitylog: .*MyISAM.*no transactions.* => .*ALTER TABLE tblactivitylog ENGINE=InnoDB;$/,
    ),
    expect.stringMatching(/^warning tblhosting: .*half written => .*ALTER TABLE tblhosting ENGINE=InnoDB;$/),
    expect.stringMatching(/^warning tblmodulelog: /),
  ]);
  expect(found.exitCode).toBe(0);
});

it('names own tables with another engine or character set', async () => {
  await site.db.knex.raw('ALTER TABLE mod_vmctl_slots ENGINE=MyISAM');
  await site.db.knex.raw('ALTER TABLE mod_vmctl_duties CONVERT TO CHARACTER SET latin1');
  const found = await examine(site, ['tables']);
  await site.db.knex.raw('ALTER TABLE mod_vmctl_slots ENGINE=InnoDB');
  expect(found.about('mod_vmctl_slots')).toEqual([
    'failure mod_vmctl_slots: its engine is MyISAM: without transactions two ticks can work on one row => ALTER TABLE mod_vmctl_slots ENGINE=InnoDB;',
  ]);
  expect(found.about('mod_vmctl_duties')).toEqual([
    expect.stringMatching(
      /^warning mod_vmctl_duties: its text is latin1_\w+: .* => ALTER TABLE mod_vmctl_duties CONVERT/,
    ),
  ]);
  expect(found.exitCode).toBe(2);
});

it('warns where WHMCS writes times ahead of TZ', async () => {
  const ahead = localTime(Date.now() + 2 * 3_600_000, 'UTC');
  const entry = { date: ahead, description: 'x', user: 'Admin', userid: 1, user_id: 0, admin_id: 0, ipaddr: '' };
  await site.db.knex('tblactivitylog').insert(entry);
  const found = await examine(site, ['time zone']);
  expect(found.wrong).toEqual([expect.stringMatching(/^warning TZ: WHMCS wrote an entry at .* in UTC => set TZ/)]);
  await site.db.knex('tblactivitylog').update({ user: 'vmctl' });
  expect((await examine(site, ['time zone'])).wrong).toEqual([]);
});

describe('the user of the database', () => {
  const name = `doctor_${process.pid}`;
  let schema: string;
  let url: string;
  const root = (sql: string) => site.db.knex.raw(sql);

  beforeAll(async () => {
    const place = new URL(site.databaseUrl);
    schema = place.pathname.slice(1);
    place.username = name;
    place.password = 'a-password';
    url = place.href;
    await root(`CREATE USER '${name}'@'%' IDENTIFIED BY 'a-password'`);
    await root(`GRANT SELECT ON ${schema}.* TO '${name}'@'%'`);
  });
  afterAll(() => root(`DROP USER '${name}'@'%'`));

  it('is told each missing right with its GRANT statement, and those statements are enough', async () => {
    const found = await examine(site, ['grants'], { env: { VMCTL_DATABASE_URL: url } });
    expect(found.exitCode).toBe(2);
    expect(found.about('tblhosting')).toEqual([
      `failure tblhosting: UPDATE (dedicatedip, assignedips, domain) is missing => GRANT UPDATE (dedicatedip, assignedips, domain) ON \`${schema}\`.\`tblhosting\` TO '${name}'@'%';`,
    ]);
    expect(found.about('tblmodulelog')).toEqual([
      expect.stringMatching(/^failure tblmodulelog: INSERT is missing => GRANT INSERT ON /),
      expect.stringMatching(/^warning tblmodulelog: DELETE is missing: old entries stay => GRANT DELETE ON /),
    ]);
    expect(found.about('mod_vmctl_ip_allocations')[0]).toContain(
      `GRANT ALL ON \`${schema}\`.\`mod_vmctl_ip_allocations\``,
    );
    for (const { cure = '' } of found.findings) await root(cure.replace(/;$/, ''));
    expect((await examine(site, ['grants'], { env: { VMCTL_DATABASE_URL: url } })).wrong).toEqual([]);
  });

  it('must have the right on every single column that is written', async () => {
    await root(`REVOKE UPDATE (domain) ON ${schema}.tblhosting FROM '${name}'@'%'`);
    const found = await examine(site, ['grants'], { env: { VMCTL_DATABASE_URL: url } });
    expect(found.wrong).toEqual([expect.stringMatching(/^failure tblhosting: UPDATE/)]);
  });
});

describe('a server with a binary log in STATEMENT format', () => {
  let server: Awaited<ReturnType<typeof startPrivateMariadb>>;
  beforeAll(async () => {
    server = await startPrivateMariadb({ args: ['--log-bin=binlog', '--binlog-format=STATEMENT', '--read-only=1'] });
    const connection = await createConnection(server.url);
    await connection.query('CREATE DATABASE whmcs');
    await connection.end();
  });
  afterAll(() => server.stop());

  it('is a failure, because InnoDB refuses writes in READ COMMITTED there; so is a read-only server', async () => {
    const found = await examine(site, ['database'], { env: { VMCTL_DATABASE_URL: `${server.url}/whmcs` } });
    expect(found.about('binary log')).toEqual([
      expect.stringMatching(/^failure binary log: binlog_format is STATEMENT: .* => SET GLOBAL binlog_format = 'ROW';/),
    ]);
    expect(found.about('read_only')).toEqual([expect.stringMatching(/^failure read_only: .* => name the primary/)]);
    expect(found.exitCode).toBe(2);
  });
});
