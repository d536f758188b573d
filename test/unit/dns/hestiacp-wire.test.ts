import { expect, test } from 'vitest';
import { redact, registerSecret } from '../../../src/base/redact.ts';
import { commandBody, exitCodeOf, parseListing } from '../../../src/dns/providers/hestiacp-wire.ts';

const byKey = { kind: 'accessKey', accessKey: 'ACCESS', secretKey: 'SECRET' } as const;

test('empty arguments keep their place', () => {
  const form = new URLSearchParams(commandBody(byKey, 'v-add-dns-record', ['admin', '', 'vm', '', '300']));
  expect([...form].slice(-5)).toEqual([
    ['arg1', 'admin'],
    ['arg2', ''],
    ['arg3', 'vm'],
    ['arg4', ''],
    ['arg5', '300'],
  ]);
});

test('a secret of any characters arrives whole, and is hidden where the form is logged', () => {
  const password = "it's (a) p!ss~wörd*&=+";
  registerSecret(password);
  const body = commandBody({ kind: 'password', username: 'admin', password }, 'v-restart-dns', []);
  expect(new URLSearchParams(body).get('password')).toBe(password);
  expect(redact(body)).toContain('password=***&');
});

test.each([
  [{ status: 204, headers: { 'hestia-exit-code': '0' }, text: '' }, 0],
  [{ status: 400, headers: { 'hestia-exit-code': '3' }, text: "Error: dns domain a.test doesn't exist" }, 3],
  [{ status: 200, headers: {}, text: '5\n' }, 5],
  [{ status: 401, headers: {}, text: '9' }, 9],
  [{ status: 401, headers: {}, text: 'Error: authentication failed' }, 9],
  [{ status: 200, headers: {}, text: "Error: user x doesn't exist\n" }, 3],
  [{ status: 200, headers: {}, text: 'OK' }, 0],
  [{ status: 200, headers: {}, text: '{\n}\n' }, undefined],
  [{ status: 200, headers: {}, text: '<html>OK</html>' }, undefined],
  [{ status: 500, headers: {}, text: '' }, undefined],
])('an answer %j has the exit code %s', (response, code) => {
  expect(exitCodeOf(response)).toBe(code);
});

test('a listing is read into full names and canonical contents, without types that are not ours', () => {
  const line = (id: string, RECORD: string, TYPE: string, VALUE: string) =>
    `"${id}": {"RECORD":"${RECORD}","TYPE":"${TYPE}","PRIORITY":"","VALUE":"${VALUE}","ID":"${id}","SUSPENDED":"no","TTL":"60"}`;
  const lines = [
    line('1', '@', 'AAAA', '2001:0DB8:0:0::0010'),
    line('2', '10', 'PTR', 'VM1.Example.com.'),
    line('3', 'abs.2.0.192.in-addr.arpa.', 'A', '192.0.2.1'),
    line('4', 'x', 'MX', 'mail.'),
  ];
  const zone = '2.0.192.in-addr.arpa';
  expect(parseListing(`{${lines.join(',')}}`, zone)).toEqual([
    { id: '1', name: zone, type: 'AAAA', content: '2001:db8::10', ttl: 60 },
    { id: '2', name: `10.${zone}`, type: 'PTR', content: 'vm1.example.com', ttl: 60 },
    { id: '3', name: `abs.${zone}`, type: 'A', content: '192.0.2.1', ttl: 60 },
  ]);
  expect(parseListing('<html>', zone)).toBeUndefined();
});
