import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { removeRecords } from '../../../src/dns/removal.ts';
import type { TlsTrust } from '../../../src/settings/types.ts';
import { watchedPorts, zoneOn } from './fixtures.ts';

const folder = mkdtempSync(join(tmpdir(), 'vmctl-dns-tls-'));
const caFile = join(folder, 'ca.pem');
let url: string;
let fingerprint: string;
let keysSeen: unknown[] = [];
let stop: () => void;

beforeAll(async () => {
  const altNames = [{ type: 7 as const, ip: '127.0.0.1' }];
  const pems = await generate([{ name: 'commonName', value: '127.0.0.1' }], {
    extensions: [
      { name: 'basicConstraints', cA: true },
      { name: 'subjectAltName', altNames },
    ],
  });
  writeFileSync(caFile, pems.cert);
  fingerprint = new X509Certificate(pems.cert).fingerprint256;
  const server = createServer({ key: pems.private, cert: pems.cert }, (request, response) => {
    keysSeen.push(request.headers['x-api-key']);
    response.end('{"rrsets":[]}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  url = `https://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  stop = () => {
    server.close();
    server.closeAllConnections();
  };
});
afterAll(() => {
  stop?.();
  rmSync(folder, { recursive: true });
});

async function removeWith(tls: TlsTrust) {
  keysSeen = [];
  const zone = { ...zoneOn({ url, apiKey: 'tls-test-key' }, '2.0.192.in-addr.arpa'), tls };
  const [result] = await removeRecords([zone], { addresses: ['192.0.2.1'], rdns: {} }, watchedPorts().ports);
  return result;
}

test('a server is trusted by its CA file or by its pinned certificate', async () => {
  expect(await removeWith({ ca: caFile })).toMatchObject({ ok: true });
  expect(await removeWith({ fingerprint })).toMatchObject({ ok: true });
  expect(keysSeen).toEqual(['tls-test-key']);
});

test('a server that is not trusted is an error that names it, and never sees the key', async () => {
  const unknown = await removeWith({});
  expect(unknown).toMatchObject({ ok: false, refused: false });
  expect(unknown?.error).toContain(`${url} showed a certificate that is not trusted`);
  expect(keysSeen).toEqual([]);
  const other = fingerprint.replace(/^../, (byte) => (byte === '00' ? '01' : '00'));
  expect(await removeWith({ fingerprint: other })).toMatchObject({ ok: false, refused: false });
  expect(keysSeen).toEqual([]);
});

test('a CA file that cannot be read is an error that names the file', async () => {
  const result = await removeWith({ ca: join(folder, 'missing.pem') });
  expect(result).toMatchObject({ ok: false, refused: false });
  expect(result?.error).toContain('missing.pem');
});
