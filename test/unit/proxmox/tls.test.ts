import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { exitCodes, UsageError } from '../../../src/base/errors.ts';
import { httpsAgent } from '../../../src/base/tls.ts';
import type { TlsTrust } from '../../../src/settings/types.ts';
import { clusterFor, data, rejection, settingsFor, startApi } from './api-server.ts';
import { type ServerCertificate, selfSigned } from './certificates.ts';

let ours: ServerCertificate;
let theirs: ServerCertificate;

beforeAll(async () => {
  ours = await selfSigned();
  theirs = await selfSigned();
});

function fileWith(content: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'vmctl-tls-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'ca.pem');
  writeFileSync(file, content);
  return file;
}

async function ask(server: ServerCertificate, tls: TlsTrust) {
  const api = await startApi(() => data({ release: '9.2' }), server);
  const cluster = clusterFor(settingsFor([api.url], { tls }), { maxRetries: 3 });
  return { api, version: cluster.version() };
}

describe('trust in a server', () => {
  test('a certificate signed by the CA of the CA file is trusted', async () => {
    const { version } = await ask(ours, { ca: fileWith(ours.cert) });
    expect(await version).toMatchObject({ release: '9.2' });
  });

  test('a certificate of another CA is refused with the endpoint and the cure, and no request is sent', async () => {
    const { api, version } = await ask(ours, { ca: fileWith(theirs.cert) });
    const error = await rejection(version);
    expect(error).toMatchObject({ reason: 'certificate', kind: 'permanent', exitCode: exitCodes.usage });
    expect(error).toHaveProperty('message', expect.stringContaining(api.url));
    expect(error).toHaveProperty('cure', expect.stringContaining('tls.ca'));
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain('00000000cafe');
    expect(api.seen).toEqual([]);
  });

  test('without CA file and fingerprint a self-signed certificate is refused', async () => {
    const { api, version } = await ask(ours, {});
    expect(await rejection(version)).toMatchObject({ reason: 'certificate' });
    expect(api.seen).toEqual([]);
  });

  test('a certificate of the right CA for another host name is refused', async () => {
    const elsewhere = await selfSigned('pve1.example.com');
    const { api, version } = await ask(elsewhere, { ca: fileWith(elsewhere.cert) });
    expect(await rejection(version)).toMatchObject({ reason: 'certificate' });
    expect(api.seen).toEqual([]);
  });

  test.each([
    ['as Proxmox prints it', (text: string) => text],
    ['in lower case without colons', (text: string) => text.replaceAll(':', '').toLowerCase()],
  ])('a self-signed certificate is trusted by its fingerprint, %s', async (_how, write) => {
    const { version } = await ask(ours, { fingerprint: write(ours.fingerprint) });
    expect(await version).toMatchObject({ release: '9.2' });
  });

  test('another fingerprint is refused before anything is sent, naming endpoint, expected and found', async () => {
    const { api, version } = await ask(ours, { fingerprint: theirs.fingerprint });
    const error = await rejection(version);
    expect(error).toMatchObject({ reason: 'certificate', kind: 'permanent', exitCode: exitCodes.usage });
    const { message } = error as Error;
    for (const part of [new URL(api.url).host, theirs.fingerprint, ours.fingerprint]) expect(message).toContain(part);
    expect(error).toHaveProperty('cure', expect.stringContaining('tls.fingerprint'));
    expect(api.seen).toEqual([]);
  });

  test('the pin is checked on every new connection, not only on the first', async () => {
    const api = await startApi(() => ({ ...data({ release: '9.2' }), headers: { connection: 'close' } }), ours);
    const cluster = clusterFor(settingsFor([api.url], { tls: { fingerprint: ours.fingerprint } }));
    await cluster.version();
    await cluster.version();
    expect(new Set(api.seen.map(({ port }) => port)).size).toBe(2);
  });

  test('a pinned endpoint on which nobody listens is unreachable, not distrusted', async () => {
    const tls = { fingerprint: ours.fingerprint };
    const cluster = clusterFor(settingsFor(['https://127.0.0.1:1'], { tls }));
    expect(await rejection(cluster.version())).toMatchObject({ reason: 'cluster-unreachable', kind: 'transient' });
  });

  test('a CA file that is missing or holds no certificate is named', () => {
    const empty = fileWith('nothing');
    expect(() => httpsAgent({ ca: '/nowhere/ca.pem' })).toThrow(UsageError);
    expect(() => httpsAgent({ ca: '/nowhere/ca.pem' })).toThrow('/nowhere/ca.pem');
    expect(() => httpsAgent({ ca: empty })).toThrow(empty);
  });

  test('a text that is no SHA-256 fingerprint is refused', () => {
    expect(() => httpsAgent({ fingerprint: 'AA:BB' })).toThrow('AA:BB');
  });
});
