import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { redact } from '../../../src/base/redact.ts';
import { optionKeys, rowOf } from '../../../src/settings/table.ts';
import { folderWith, load, problemsOf } from './folder.ts';

describe('the value of an option', () => {
  it('comes from the environment before .env, from .env before YAML, from YAML before the default', () => {
    const cwd = folderWith({
      '.env': 'LOCK_WAIT_MINUTES=2\nIP_TIMEOUT_SECONDS=22\n',
      'config/vmctl.yaml': 'settings: { lockWaitMinutes: 3, ipTimeoutSeconds: 33, ipQuarantineMinutes: 44 }',
    });
    expect(load(cwd, { LOCK_WAIT_MINUTES: '1' })).toMatchObject({
      lockWaitMinutes: 1,
      ipTimeoutSeconds: 22,
      ipQuarantineMinutes: 44,
      vmidQuarantineMinutes: 60,
    });
  });

  it('comes from .env in the working directory before .env next to the YAML file', () => {
    const cwd = folderWith({ '.env': 'VM_ID_START=2000', 'config/.env': 'VM_ID_START=3000\nVM_ID_END=4000' });
    expect(load(cwd)).toMatchObject({ vmIdStart: 2000, vmIdEnd: 4000 });
  });

  it('leaves the environment of the process as it was', () => {
    const env = {};
    load(folderWith({ '.env': 'VM_ID_START=2000' }), env);
    expect(env).toEqual({});
    expect(process.env.VM_ID_START).toBeUndefined();
  });

  it('is the default where the variable is empty', () => {
    expect(load(folderWith({}), { LOCK_WAIT_MINUTES: '' }).lockWaitMinutes).toBe(240);
  });

  it('has the default that the lifecycle document and the contract give it', () => {
    expect(load(folderWith({}))).toMatchObject({
      errorStateTtlMinutes: 30,
      staleStartingTtlMinutes: 20,
      reconciliationIntervalSeconds: 900,
      proxmoxMaxRetries: 3,
      proxmoxRetryBaseDelay: 2,
      circuitBreakerThreshold: 5,
      circuitBreakerRecoverySeconds: 60,
      healthCheckIntervalSeconds: 60,
      healthCheckEnabled: true,
      vmIdStart: 1000,
      vmIdEnd: 9999,
      claimLeaseSeconds: 60,
      ipTimeoutSeconds: 180,
      ipQuarantineMinutes: 60,
      vmidQuarantineMinutes: 60,
      terminateGraceMinutes: 0,
      lockWaitMinutes: 240,
      healthCheckServices: false,
      massTerminateLimit: 0,
      vmNameRule: '{service_id}-{unixtime}',
      reconcileOrphans: 'sessions',
      reconcileMaxDestroy: 5,
      moduleLog: 'auto',
      vmTable: 'puqProxmoxKVM_vm_info',
      file: undefined,
      clusters: [],
    });
  });

  it('is reported with its variable, what was found and what was expected when it is wrong', () => {
    const cwd = folderWith({ '.env': '# times\nexport ERROR_STATE_TTL_MINUTES=soon\n' });
    expect(
      problemsOf(cwd, { VM_TABLE: 'x; DROP', MODULE_LOG: 'some', HEALTH_CHECK_ENABLED: '2', TZ: 'Mars/Base' }),
    ).toEqual([
      'environment: VM_TABLE: found "x; DROP", expected letters, digits and underscores, at most 64',
      'environment: TZ: found "Mars/Base", expected an IANA time zone such as Europe/Warsaw',
      '.env:2: ERROR_STATE_TTL_MINUTES: found "soon", expected a number of minutes, 0 or more',
      'environment: HEALTH_CHECK_ENABLED: found "2", expected true or false',
      'environment: MODULE_LOG: found "some", expected auto | all | errors | off',
    ]);
  });

  it.each(['{service_id}', 'vm-{row_id}', '{client_id}-{unixtime}'])('VM_NAME_RULE may be %s', (rule) => {
    expect(load(folderWith({}), { VM_NAME_RULE: rule }).vmNameRule).toBe(rule);
  });

  it.each(['vm', '{service}', '{row_id}.x', '-{row_id}', '{row_id}_a'])('VM_NAME_RULE may not be %s', (rule) => {
    expect(problemsOf(folderWith({}), { VM_NAME_RULE: rule })).toHaveLength(1);
  });
});

describe('the table', () => {
  it('names every option once, by a variable and a key that belong together', () => {
    const names = optionKeys.map((key) => rowOf(key).name);
    expect(new Set(names).size).toBe(names.length);
    const expected = optionKeys.map((key) => key.replaceAll(/[A-Z]/g, '_$&').toUpperCase());
    const exceptions = new Set(['TZ']);
    for (const [index, name] of names.entries()) {
      if (!exceptions.has(name)) expect(name.replace(/^VMCTL_/, '')).toBe(expected[index]);
    }
  });

  it('has only defaults that its own kinds accept', () => {
    for (const key of optionKeys) {
      const { kind, default: preset } = rowOf(key);
      if (preset !== undefined) expect(kind.parse(preset), key).not.toBeUndefined();
    }
  });
});

describe('a secret', () => {
  it('may come from a file that NAME_FILE names, without its last newline', () => {
    const cwd = folderWith({ 'run/url': 'mysql://u:p%40ss@db/whmcs\n' });
    expect(load(cwd, { VMCTL_DATABASE_URL_FILE: 'run/url' }).databaseUrl).toBe('mysql://u:p%40ss@db/whmcs');
  });

  it('may not come from both places', () => {
    const env = { PING_URL: 'https://p.example.com/1', PING_URL_FILE: '/x' };
    expect(problemsOf(folderWith({}), env)).toEqual([
      'environment: PING_URL: both PING_URL and PING_URL_FILE are set, expected only one of them',
    ]);
  });

  it('in the environment hides its NAME_FILE in .env', () => {
    const cwd = folderWith({ '.env': 'PING_URL_FILE=/nowhere' });
    expect(load(cwd, { PING_URL: 'https://p.example.com/1' }).pingUrl).toBe('https://p.example.com/1');
  });

  it('from a file that is missing is an error that names variable and file', () => {
    expect(problemsOf(folderWith({}), { ALERT_WEBHOOK_SECRET_FILE: 'gone' })).toEqual([
      'environment: ALERT_WEBHOOK_SECRET_FILE: gone: the file does not exist',
    ]);
  });

  it('is registered, so that no later message shows it', () => {
    load(folderWith({}), { ALERT_WEBHOOK_SECRET: 'hush-hush', VMCTL_DATABASE_URL: 'mysql://u:geh%2Feim@db/whmcs' });
    expect(redact('hush-hush geh%2Feim geh/eim')).toBe('*** *** ***');
  });

  it('is not shown when it is wrong', () => {
    const env = { PING_URL: 'ftp://secret-token-1', VMCTL_DATABASE_URL: 'mysql://root:t0psecret@' };
    const problems = problemsOf(folderWith({}), env).join('\n');
    expect(problems).toMatch(/VMCTL_DATABASE_URL: found "mysql:\/\/root:\*\*\*@", expected mysql:/);
    expect(problems).toMatch(/PING_URL: found \*\*\*, expected a URL/);
  });
});

describe('the database', () => {
  it('is a SQLite file in the state folder of the user where none is given', () => {
    const cwd = folderWith({});
    expect(load(cwd, { HOME: '/home/u' }).databaseUrl).toBe('sqlite:/home/u/.local/state/vmctl/vmctl.sqlite');
    expect(load(cwd, { XDG_STATE_HOME: '/s' }).databaseUrl).toBe('sqlite:/s/vmctl/vmctl.sqlite');
    expect(load(cwd, { VMCTL_STATE_DIR: 'here' }).databaseUrl).toBe(`sqlite:${join(cwd, 'here/vmctl.sqlite')}`);
  });

  it('has its relative path resolved from the folder of the file that holds it', () => {
    const cwd = folderWith({ 'config/vmctl.yaml': 'settings: { databaseUrl: "sqlite:db/a.sqlite" }' });
    expect(load(cwd).databaseUrl).toBe(`sqlite:${join(cwd, 'config/db/a.sqlite')}`);
    expect(load(cwd, { VMCTL_DATABASE_URL: 'sqlite:b.sqlite' }).databaseUrl).toBe(`sqlite:${join(cwd, 'b.sqlite')}`);
    expect(load(cwd, { VMCTL_DATABASE_URL: 'sqlite::memory:' }).databaseUrl).toBe('sqlite::memory:');
  });

  it.each(['postgres://u:p@h/d', 'sqlite:', 'mysql://h', 'mysql://u:10%@h/d', 'whmcs'])('is not %s', (url) => {
    expect(problemsOf(folderWith({}), { VMCTL_DATABASE_URL: url })).toHaveLength(1);
  });
});
