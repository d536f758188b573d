import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { generate } from 'selfsigned';

export interface Certificate {
  /** PEM of what a client has to trust: the CA, or the certificate itself where it is self-signed. */
  ca: string;
  /** PEM */
  cert: string;
  /** PEM */
  key: string;
  /** SHA-256 of the server's certificate as Proxmox prints it: `AA:BB:...`. */
  fingerprint256: string;
}

/** A server certificate signed by a CA of its own, as a Proxmox VE cluster has it; or, to be pinned, a self-signed one. */
export async function makeCertificate(options: { hosts?: string[]; selfSigned?: boolean } = {}): Promise<Certificate> {
  const hosts = options.hosts ?? ['127.0.0.1', 'localhost'];
  const common = { keyType: 'ec', algorithm: 'sha256' } as const;
  const altNames = hosts.map((host) =>
    isIP(host) === 0 ? { type: 2 as const, value: host } : { type: 7 as const, ip: host },
  );
  const server = [{ name: 'commonName', value: hosts[0] ?? 'localhost' }];
  const names = { name: 'subjectAltName' as const, altNames };
  if (options.selfSigned) {
    const made = await generate(server, { ...common, extensions: [names] });
    return { ca: made.cert, cert: made.cert, key: made.private, fingerprint256: fingerprint(made.cert) };
  }
  const ca = await generate([{ name: 'commonName', value: 'Simulated Proxmox Virtual Environment CA' }], {
    ...common,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  const made = await generate(server, {
    ...common,
    ca: { key: ca.private, cert: ca.cert },
    extensions: [names, { name: 'extKeyUsage', serverAuth: true }],
  });
  return { ca: ca.cert, cert: made.cert, key: made.private, fingerprint256: fingerprint(made.cert) };
}

function fingerprint(cert: string): string {
  return new X509Certificate(cert).fingerprint256;
}
