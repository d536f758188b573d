import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { UsageError } from '../../../src/base/errors.ts';
import { redact } from '../../../src/base/redact.ts';
import {
  clusterFor,
  data,
  deadEndpoint,
  type Handler,
  refusal,
  rejection,
  type Seen,
  settingsFor,
  startApi,
  token,
} from './api-server.ts';

const upid = 'UPID:pve1:00001238:0006ED00:6B024D40:qmdestroy:100:vmctl@pve:';

describe('an API token', () => {
  test('goes along as a header, and no cookie and no CSRF token do', async () => {
    const api = await startApi(() => data(upid));
    await clusterFor(settingsFor([api.url])).destroyVm('pve1', 100);
    expect(api.seen[0]?.headers.authorization).toBe(`PVEAPIToken=${token}`);
    expect(api.seen[0]?.headers).not.toHaveProperty('cookie');
    expect(api.seen[0]?.headers).not.toHaveProperty('csrfpreventiontoken');
  });

  test('that is refused is never sent again, and the cure names it without its secret', async () => {
    const api = await startApi(() => ({ status: 401, reason: 'Authentication failed!', headers: {}, body: '' }));
    const cluster = clusterFor(settingsFor([api.url]), { maxRetries: 3 });
    const error = await rejection(cluster.version());
    expect(error).toMatchObject({ reason: 'auth', kind: 'permanent', exitCode: 2 });
    expect(error).toHaveProperty('cure', expect.stringContaining('vmctl@pve!cron'));
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain('00000000cafe');
    expect(await rejection(cluster.nodes())).toMatchObject({ reason: 'auth' });
    expect(api.seen).toHaveLength(1);
  });

  test('that is malformed is refused without showing it', () => {
    const settings = settingsFor(['https://pve1:8006'], { auth: { kind: 'token', token: 'my-secret-without-id' } });
    expect(() => clusterFor(settings)).toThrow(UsageError);
    expect(() => clusterFor(settings)).not.toThrow('my-secret-without-id');
  });

  test('has its secret registered, so that no text can show it', () => {
    clusterFor(settingsFor(['https://pve1:8006']));
    expect(redact(`token ${token}`)).not.toContain('00000000cafe');
  });
});

/** Gives tickets T1, T2, … for the password or a ticket; accepts the newest one. */
function ticketServer(valid: { ticket: string; times: number }): Handler {
  return (seen: Seen) => {
    if (seen.path !== '/access/ticket') {
      if (!seen.headers.cookie?.endsWith(`=${encodeURIComponent(valid.ticket)}`)) return refusal('No ticket', 401);
      return data(seen.method === 'GET' ? { release: '9.2' } : upid);
    }
    const password = new URLSearchParams(seen.body).get('password');
    if (password !== 'correct horse' && password !== valid.ticket) return refusal('authentication failure', 401);
    valid.times += 1;
    valid.ticket = `PVE:vmctl@pve:T${valid.times}::`;
    return data({ ticket: valid.ticket, CSRFPreventionToken: `csrf-${valid.times}`, username: 'vmctl@pve' });
  };
}

const byPassword = { auth: { kind: 'ticket' as const, username: 'vmctl@pve', password: 'correct horse' } };

describe('a login with username and password', () => {
  test('gives a cookie for all calls, and the CSRF token for changes only', async () => {
    const api = await startApi(ticketServer({ ticket: '', times: 0 }));
    const cluster = clusterFor(settingsFor([api.url], byPassword));
    await cluster.version();
    await cluster.destroyVm('pve1', 100);
    const [login, read, change] = api.seen;
    expect(new URLSearchParams(login?.body).get('username')).toBe('vmctl@pve');
    expect(read?.headers.cookie).toBe('PVEAuthCookie=PVE%3Avmctl%40pve%3AT1%3A%3A');
    expect(read?.headers).not.toHaveProperty('csrfpreventiontoken');
    expect(change?.headers.csrfpreventiontoken).toBe('csrf-1');
  });

  test('happens once for calls that start together', async () => {
    const api = await startApi(ticketServer({ ticket: '', times: 0 }));
    const cluster = clusterFor(settingsFor([api.url], byPassword));
    await Promise.all([cluster.version(), cluster.version(), cluster.destroyVm('pve1', 100)]);
    expect(api.calls().filter((call) => call === 'POST /access/ticket')).toHaveLength(1);
  });

  test('is renewed with the ticket itself after an hour', async () => {
    const api = await startApi(ticketServer({ ticket: '', times: 0 }));
    let hours = 0;
    const real = systemClock;
    const clock = { ...real, monotonic: () => hours * 3_600_000 };
    const cluster = clusterFor(settingsFor([api.url], byPassword), { clock });
    await cluster.version();
    hours = 0.9;
    await cluster.version();
    hours = 1.1;
    await cluster.version();
    const logins = api.seen.filter(({ path }) => path === '/access/ticket');
    expect(logins.map(({ body }) => new URLSearchParams(body).get('password'))).toEqual([
      'correct horse',
      'PVE:vmctl@pve:T1::',
    ]);
  });

  test('is repeated with the password when the ticket is refused, and the call with it', async () => {
    const valid = { ticket: '', times: 0 };
    const api = await startApi(ticketServer(valid));
    const cluster = clusterFor(settingsFor([api.url], byPassword));
    await cluster.version();
    valid.ticket = 'another';
    expect(await cluster.destroyVm('pve1', 100)).toBe(upid);
    expect(api.calls()).toEqual([
      'POST /access/ticket',
      'GET /version',
      'DELETE /nodes/pve1/qemu/100',
      'POST /access/ticket',
      'DELETE /nodes/pve1/qemu/100',
    ]);
  });

  test('with a wrong password is tried once, and the cure names the user', async () => {
    const api = await startApi(ticketServer({ ticket: '', times: 0 }));
    const auth = { kind: 'ticket' as const, username: 'vmctl@pve', password: 'wrong horse' };
    const cluster = clusterFor(settingsFor([api.url], { auth }), { maxRetries: 3 });
    const error = await rejection(cluster.version());
    expect(error).toMatchObject({ reason: 'auth', cure: expect.stringContaining('vmctl@pve') });
    expect(String(error)).not.toContain('wrong horse');
    await rejection(cluster.version());
    expect(api.seen).toHaveLength(1);
  });

  test('that wants a second factor is refused with the advice to use a token', async () => {
    const api = await startApi(() => data({ ticket: 'PVE:!tfa!', NeedTFA: 1, CSRFPreventionToken: 'x' }));
    const error = await rejection(clusterFor(settingsFor([api.url], byPassword)).version());
    expect(error).toMatchObject({ reason: 'auth', text: expect.stringContaining('second factor') });
    expect(error).toHaveProperty('cure', expect.stringContaining('token'));
  });

  test('goes to the next entry point where the first is down', async () => {
    const api = await startApi(ticketServer({ ticket: '', times: 0 }));
    const cluster = clusterFor(settingsFor([await deadEndpoint(), api.url], byPassword));
    expect(await cluster.version()).toMatchObject({ release: '9.2' });
  });
});
