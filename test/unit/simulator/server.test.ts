import { request } from 'node:https';
import { TLSSocket } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { type Certificate, makeCertificate } from '../../../src/simulator/certificate.ts';
import { withControl } from '../../../src/simulator/control.ts';
import { parseFaultSpec } from '../../../src/simulator/fault-spec.ts';
import { type RunningServer, serve } from '../../../src/simulator/server.ts';
import { cluster, isRecord } from './cluster.ts';

const open: RunningServer[] = [];

afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

async function served(certificate?: Certificate) {
  const sim = cluster();
  const server = await serve(withControl(sim.simulator), certificate === undefined ? {} : { tls: certificate });
  open.push(server);
  return { ...sim, url: server.url };
}

interface Received {
  status: number | undefined;
  reason: string | undefined;
  body: string;
  fingerprint: string;
}

function get(url: string, ca: string, authorization: string, method = 'GET'): Promise<Received> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { ca, method, headers: { authorization }, agent: false }, (incoming) => {
      const { socket } = incoming;
      const fingerprint = socket instanceof TLSSocket ? socket.getPeerCertificate().fingerprint256 : '';
      let body = '';
      incoming.on('data', (chunk) => {
        body += chunk;
      });
      incoming.on('end', () =>
        resolve({ status: incoming.statusCode, reason: incoming.statusMessage, body, fingerprint }),
      );
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}

describe('over HTTPS', () => {
  it('a client that trusts the CA gets in, and the pin is the certificate', async () => {
    const certificate = await makeCertificate();
    const { url, token } = await served(certificate);
    const answer = await get(`${url}/api2/json/version`, certificate.ca, token.header);
    expect(answer).toMatchObject({ status: 200, fingerprint: certificate.fingerprint256 });
    expect(answer.fingerprint).toMatch(/^(?:[0-9A-F]{2}:){31}[0-9A-F]{2}$/);
  });

  it('a client that trusts another CA stays out', async () => {
    const { url, token } = await served(await makeCertificate());
    const { ca } = await makeCertificate();
    await expect(get(`${url}/api2/json/version`, ca, token.header)).rejects.toThrow(/certificate/);
  });

  it('a self-signed certificate is its own CA', async () => {
    const certificate = await makeCertificate({ selfSigned: true });
    const { url, token } = await served(certificate);
    expect((await get(`${url}/api2/json/version`, certificate.ca, token.header)).status).toBe(200);
  });

  it('any status and reason phrase goes out as it is', async () => {
    const certificate = await makeCertificate();
    const { url, token, simulator } = await served(certificate);
    simulator.faults.add(parseFaultSpec('/version=596:tls_process_server_certificate: certificate verify failed'));
    expect(await get(`${url}/api2/json/version`, certificate.ca, token.header)).toMatchObject({
      status: 596,
      reason: 'tls_process_server_certificate: certificate verify failed',
      body: '',
    });
    const missing = await get(`${url}/api2/json/nodes/pve1/qemu/7777`, certificate.ca, token.header, 'DELETE');
    expect(missing.reason).toBe("Configuration file 'nodes/pve1/qemu-server/7777.conf' does not exist");
  });

  it.each(['reset-before', 'reset-after', 'lost-answer'])('%s breaks the connection', async (action) => {
    const certificate = await makeCertificate();
    const { url, token, simulator } = await served(certificate);
    simulator.faults.add(parseFaultSpec(`/version=${action}`));
    await expect(get(`${url}/api2/json/version`, certificate.ca, token.header)).rejects.toMatchObject({
      code: 'ECONNRESET',
    });
  });
});

describe('the control port', () => {
  async function control(url: string, method: string, path: string, body?: object) {
    const answer = await fetch(`${url}/sim/${path}`, { method, ...(body ? { body: JSON.stringify(body) } : {}) });
    return { status: answer.status, json: await answer.json() };
  }

  it('shows log and world, and changes both from another process', async () => {
    const { url, token } = await served();
    const headers = { authorization: token.header };
    expect((await control(url, 'POST', 'vm', { vmid: 100, running: true })).status).toBe(200);
    await control(url, 'POST', 'backup', { vmid: 100, at: 0 });
    await control(url, 'POST', 'node', { name: 'pve2', online: false });
    await control(url, 'POST', 'quorum', { quorate: false });
    await control(url, 'POST', 'storage', { id: 'vmstore', busyForMs: 1000 });
    await control(url, 'POST', 'fault', { spec: '/version=500:no' });
    expect((await fetch(`${url}/api2/json/version`, { headers })).statusText).toBe('no');
    await control(url, 'DELETE', 'fault');
    expect((await fetch(`${url}/api2/json/version`, { headers })).status).toBe(200);
    const { json: world } = await control(url, 'GET', 'world');
    expect(world).toMatchObject({
      quorate: false,
      vms: { 100: { running: true } },
      nodes: { pve2: { online: false } },
    });
    const { json: log } = await control(url, 'GET', 'log');
    expect(log).toMatchObject([{ status: 500 }, { status: 200 }]);
    const made = await control(url, 'POST', 'token', { id: 'x@pve!t' });
    const answer = await fetch(`${url}/api2/json/version`, {
      headers: { authorization: String(isRecord(made.json) && made.json.header) },
    });
    expect(answer.status).toBe(200);
  });

  it('says what it cannot do', async () => {
    const { url } = await served();
    expect(await control(url, 'POST', 'vm', {})).toEqual({ status: 400, json: { error: 'expected a number vmid' } });
    expect(await control(url, 'GET', 'nope')).toEqual({ status: 404, json: { error: 'no GET /sim/nope' } });
  });
});
