import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDatabase, type TestDatabase } from '../../support/mariadb.ts';
import { createSite, type Site } from '../../support/site.ts';
import { everything } from './untouched.ts';

let site: Site;
let ids: { ready: number; failed: number; removed: number };
let before: unknown;
beforeAll(async () => {
  site = await createSite();
  const service = { id: 5546, userid: 7 };
  const ready = await site.addVm({
    vm: { vmid: 2003 },
    addresses: ['192.0.2.3'],
    service,
    row: { vm_status: 'ready' },
  });
  const failed = await site.addVm({ vm: { vmid: 2004 }, row: { vm_status: 'error_terminate', service_id: 5551 } });
  const removed = await site.addVm({ vm: { vmid: 2005 }, row: { vm_status: 'remove', service_id: 5546 } });
  await site.addVm({ vm: { vmid: 2006 }, row: { vm_status: 'ready', service_id: 5551 } });
  ids = { ready: ready.id, failed: failed.id, removed: removed.id };
  before = await everything(site);
});
afterAll(() => site.close());

/** Runs what is refused, and looks whether nothing else has happened. Gives what it said. */
async function refused(args: readonly string[], code: number, env: Record<string, string> = {}): Promise<string> {
  const result = await site.vmctl(args, env);
  expect(result).toMatchObject({ code, stdout: '' });
  expect(await everything(site)).toEqual(before);
  return result.stderr;
}

describe('an id', () => {
  const commands = [['show'], ['log'], ['terminate'], ['delete-record'], ['cron', '--only'], ['reset']];
  const withId = (command: readonly string[], id: string) =>
    command[0] === 'reset' ? ['reset', id, 'remove'] : [...command, id];

  it.each(commands)('that no row has is refused with 2 by vmctl %s', async (...command) => {
    expect(await refused(withId(command, '99'), 2)).toBe('vmctl: no row for 99\n  vmctl list shows the rows\n');
  });

  it.each(commands.slice(-2))(
    'that is malformed is refused with 2 by vmctl %s, with the forms there are',
    async (...command) => {
      const said = await refused(withId(command, 'vm2003'), 2);
      expect(said).toContain('vmctl: unknown id "vm2003"\n');
      for (const form of ['42', 'service:', 'vmid:', '<cluster>/vmid:']) expect(said).toContain(form);
    },
  );

  it('that means more than one row is refused with 12 and the list', async () => {
    const said = await refused(['terminate', 'service:5551'], 12);
    expect(said).toMatch(
      /service:5551 means more than one row:\n {2}row \d+, service 5551, VM main\/2004 .*error_terminate\n/,
    );
    expect(said).toMatch(
      /\n {2}row \d+, service 5551, VM main\/2006 .*ready\n {2}name the one you mean by its row id\n$/,
    );
  });

  it('means the living row where a removed one has it too', async () => {
    const result = await site.vmctl(['show', 'service:5546', '--json']);
    expect(JSON.parse(result.stdout)).toMatchObject({ id: ids.ready, vm_status: 'ready' });
  });
});

describe('a state', () => {
  it.each(['cloned', 'toString', 'error_terminate', ''])(
    '%j is no target of reset: 2, with those there are',
    async (status) => {
      expect(await refused(['reset', String(ids.ready), status], 2)).toBe(
        `vmctl: unknown status ${JSON.stringify(status)}\n  expected one of terminate, remove, ready, creation, set_ip, change_package, set_dns_records\n`,
      );
    },
  );

  it('that does not exist is no filter of list: 2', async () => {
    expect(await refused(['list', '--status', 'redy'], 2)).toContain('unknown status "redy"');
  });

  it('other than error_terminate and remove keeps a row from delete-record: 12, whatever --yes says', async () => {
    const said = await refused(['delete-record', String(ids.ready), '--yes'], 12);
    expect(said).toContain('only rows in error_terminate or remove can be deleted');
    expect(said).toContain(`vmctl terminate ${ids.ready}`);
  });

  it('without work is nothing for cron --only: 2, with what to do', async () => {
    const said = await refused(['cron', '--only', String(ids.ready)], 2);
    expect(said).toContain(`row ${ids.ready} is in ready: cron has nothing to do there`);
    expect(said).toContain(`vmctl reset ${ids.ready} <status>`);
  });

  it('remove cannot be terminated: 12', async () => {
    expect(await refused(['terminate', String(ids.removed)], 12)).toContain('its VM is gone already');
  });
});

describe('what is typed', () => {
  it.each([
    [['rest'], "unknown command 'rest'\n(Did you mean reset?)"],
    [['cron', '--verbos'], "unknown option '--verbos'\n(Did you mean --verbose?)"],
    [['reset', '1'], "missing required argument 'status'"],
    [['show', '1', '2'], 'too many arguments'],
    [
      ['cron', '--concurrency', '0'],
      "option '--concurrency <rows>' argument '0' is invalid. Expected a whole number from 1.",
    ],
    [['cron', '--max-runtime', 'ten'], "argument 'ten' is invalid"],
    [['simulator', '--port', '70000'], 'Expected a whole number from 0 to 65535.'],
    [['simulator', '--release', '6.4'], '--release: found 6.4, expected one of 7.4, 8.4, 9.2'],
    [['simulator', '--fault', 'nonsense'], '--fault: fault'],
    [['simulator', '--world', 'nowhere.json'], '--world: ENOENT'],
    [['db', 'migrat'], 'unknown action "migrat"'],
    [['config', 'chek'], 'unknown action "chek"'],
    [['log', '1', '--follow', '--json'], '--follow and --json exclude each other'],
  ])('%j is refused with 2 and says why', async (args, why) => {
    const said = await refused(args, 2);
    expect(said).toMatch(/^vmctl: /);
    expect(said).toContain(why);
  });

  it('nothing at all gets the help, on stderr, and 2', async () => {
    expect(await refused([], 2)).toMatch(/^Examples:\n[\s\S]*\nUsage: vmctl /);
  });
});

describe('without a terminal and without --yes', () => {
  it('delete-record repeats the warning, refuses with 12 and names --yes', async () => {
    const said = await refused(['delete-record', String(ids.failed)], 12);
    expect(said).toContain('It does not touch Proxmox or tblhosting: a VM that still exists goes on running.');
    expect(said).toContain('repeat with --yes');
  });

  it.each(['rollback', 'adopt'])('db %s refuses with 12', async (action) => {
    expect(await refused(['db', action], 12)).toContain('repeat with --yes');
  });
});

describe('a configuration', () => {
  const write = (text: string) => {
    const file = join(site.folder, 'broken.yaml');
    writeFileSync(file, text);
    return file;
  };

  it('that is no YAML is refused with 2, file, line and column', async () => {
    const file = write('clusters:\n  main:\n    endpoints: [a\n    token: "b\n');
    expect(await refused(['cron', '--config', file], 2)).toMatch(/broken\.yaml:\d+:\d+: not valid YAML: /);
  });

  it('with a key that nothing knows is refused with 2, file, line, path and a guess', async () => {
    const file = write('clusters:\n  main:\n    endpoints: [https://h:8006]\n    tokn: x@pve!y=0\n');
    const said = await refused(['cron', '--config', file], 2);
    expect(said).toContain(`${file}:4: clusters.main.tokn: unknown key, did you mean "token"?`);
    expect(said).not.toContain('x@pve!y');
  });

  it('with a variable that is not set is refused with 2 and the name of the variable', async () => {
    const file = write(`clusters:\n  main:\n    endpoints: [https://h:8006]\n    token: \${PVE_MAIN_TOKEN}\n`);
    expect(await refused(['cron', '--config', file], 2)).toMatch(
      /broken\.yaml:4: clusters\.main\.token: .*PVE_MAIN_TOKEN/,
    );
  });

  it('that is named and missing is refused with 2, by the flag and by the variable', async () => {
    const said = await refused(['cron', '--config', 'nowhere.yaml'], 2);
    expect(said).toContain(`${site.folder}/nowhere.yaml: --config: the file does not exist`);
    expect(await refused(['cron'], 2, { VMCTL_CONFIG: 'gone.yaml' })).toContain(
      'VMCTL_CONFIG: the file does not exist',
    );
  });

  it('is read whole: every problem has a line', async () => {
    const file = write('settings: { ipTimeoutSeconds: soon }\nclusters:\n  main: { endpoints: [], token: x }\n');
    const said = await refused(['config', 'check', '--config', file], 2);
    expect(said).toContain(`${file}:1: settings.ipTimeoutSeconds: found "soon"`);
    expect(said).toContain(`${file}:3: clusters.main.endpoints`);
  });
});

describe('a database', () => {
  let other: TestDatabase;
  beforeAll(async () => {
    other = await createDatabase();
  });
  afterAll(() => other.drop());
  const changed = (change: (url: URL) => void) => {
    const url = new URL(site.databaseUrl);
    change(url);
    return { VMCTL_DATABASE_URL: url.href };
  };

  it.each([['cron'], ['list'], ['db', 'migrate']])('that does not answer ends vmctl %s with 5', async (...args) => {
    const said = await refused(
      args,
      5,
      changed((url) => (url.port = '1')),
    );
    expect(said).toMatch(/^vmctl: the database is not reachable: .*127\.0\.0\.1:1\n {2}check VMCTL_DATABASE_URL /);
  });

  it('that refuses the password ends cron with 2, and the password is not shown', async () => {
    const env = changed((url) => Object.assign(url, { username: 'vmctl_nobody', password: 'not-the-password' }));
    const said = await refused(['cron'], 2, env);
    expect(said).toContain("the database refuses: Access denied for user 'vmctl_nobody'");
    expect(said).not.toContain('not-the-password');
  });

  it('without the schema ends cron with 2', async () => {
    expect(
      await refused(
        ['cron'],
        2,
        changed((url) => (url.pathname = 'vmctl_nowhere')),
      ),
    ).toContain('vmctl_nowhere');
  });

  it.each(['mysql', 'sqlite'])(
    'that was never migrated ends cron with 2 and "vmctl db migrate" on %s',
    async (kind) => {
      const url = kind === 'mysql' ? other.url : `sqlite:${join(site.folder, 'empty.sqlite')}`;
      expect(await refused(['cron'], 2, { VMCTL_DATABASE_URL: url })).toContain('run: vmctl db migrate');
    },
  );

  it('of another kind ends cron with 2 and the kinds there are', async () => {
    expect(await refused(['cron'], 2, { VMCTL_DATABASE_URL: 'postgres://h/d' })).toContain(
      'mysql://user:password@host',
    );
  });

  it('that is a copy of the one that was migrated is refused with 12 until it is adopted', async () => {
    const copy = await createDatabase();
    try {
      const [from, to] = [site.databaseUrl, copy.url].map((url) => new URL(url).pathname.slice(1));
      const [tables = []]: Record<string, string>[][] = await site.db.knex.raw(`SHOW TABLES FROM ${from}`);
      for (const table of tables.map((row) => Object.values(row)[0])) {
        await site.db.knex.raw(`CREATE TABLE ${to}.${table} LIKE ${from}.${table}`);
        await site.db.knex.raw(`INSERT INTO ${to}.${table} SELECT * FROM ${from}.${table}`);
      }
      const env = { VMCTL_DATABASE_URL: copy.url };
      for (const args of [['cron'], ['terminate', String(ids.ready)], ['list']]) {
        const said = await refused(args, 12, env);
        expect(said).toContain(`found ${to} on `);
        expect(said).toContain(`expected ${from} on `);
        expect(said).toContain('vmctl db adopt --copy');
      }
      expect(await site.vmctl(['db', 'adopt', '--copy', '--yes'], env)).toMatchObject({ code: 0 });
      expect(await site.vmctl(['list'], env)).toMatchObject({ code: 0, stderr: '' });
    } finally {
      await copy.drop();
    }
  });
});
