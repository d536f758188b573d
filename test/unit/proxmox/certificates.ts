import { X509Certificate } from 'node:crypto';
import { generate } from 'selfsigned';

export interface ServerCertificate {
  readonly key: string;
  readonly cert: string;
  readonly fingerprint: string;
}

/** A self-signed certificate for 127.0.0.1 (or another host name), which is its own CA. */
export async function selfSigned(host?: string): Promise<ServerCertificate> {
  const san = host === undefined ? { type: 7 as const, ip: '127.0.0.1' } : { type: 2 as const, value: host };
  const made = await generate([{ name: 'commonName', value: host ?? '127.0.0.1' }], {
    keyType: 'ec',
    extensions: [
      { name: 'basicConstraints', cA: true },
      { name: 'subjectAltName', altNames: [san] },
    ],
  });
  return { key: made.private, cert: made.cert, fingerprint: new X509Certificate(made.cert).fingerprint256 };
}
