import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Agent, type AgentOptions, type RequestOptions } from 'node:https';
import type { Duplex } from 'node:stream';
import { connect, type TLSSocket } from 'node:tls';
import { UsageError } from './errors.ts';

/** What makes a server trusted: a CA file (PEM), or the SHA-256 of its certificate. Neither: the system's CAs. */
interface Trust {
  readonly ca?: string | undefined;
  readonly fingerprint?: string | undefined;
}

/** The server showed a certificate that the configuration does not trust. Nothing was sent to it. */
export class CertificateError extends UsageError {
  override name = 'CertificateError';
}

/** How long a pinned connection may take to be made, milliseconds. */
const pinnedConnectTimeoutMs = 10_000;

/**
 * An agent whose connections are verified in every case: against the CA file, by the pin, or by the system's CAs.
 * Throws UsageError when the CA file cannot be read or holds no certificate, or when the fingerprint is no SHA-256.
 */
export function httpsAgent(trust: Trust, options: AgentOptions = {}): Agent {
  if (trust.fingerprint !== undefined) return new PinnedAgent(normalFingerprint(trust.fingerprint), options);
  if (trust.ca !== undefined) return new Agent({ ...options, ca: readCa(trust.ca) });
  return new Agent(options);
}

/**
 * The CertificateError in an error of a connection to `endpoint`, if its certificate was the reason.
 * Looks through the chain of causes, because HTTP clients wrap what the socket said.
 */
export function certificateError(error: unknown, endpoint: string): CertificateError | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof CertificateError) return cause;
    if ('code' in cause && typeof cause.code === 'string' && verificationCodes.test(cause.code)) {
      return new CertificateError(`${endpoint} showed a certificate that is not trusted: ${cause.message}`, {
        cause,
        cure:
          'Set tls.ca to the CA that signed it (Proxmox VE: /etc/pve/pve-root-ca.pem), or tls.fingerprint to the ' +
          'SHA-256 of the certificate, after comparing it on the server itself.',
      });
    }
  }
  return undefined;
}

/** The codes of OpenSSL's verification (X509_V_ERR_*) as Node reports them, and Node's own for a wrong host name. */
const verificationCodes =
  /^(ERR_TLS_CERT_ALTNAME_INVALID|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_\w+|CERT_\w+|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED|ERROR_IN_CERT_\w+)$/;

/**
 * `checkServerIdentity` is not called for an untrusted chain, so it cannot hold a pin for a self-signed certificate:
 * the fingerprint is compared before the socket is handed out. No sessions are cached, since a resumed one shows no
 * certificate.
 */
class PinnedAgent extends Agent {
  readonly #fingerprint: string;

  constructor(fingerprint: string, options: AgentOptions) {
    super({ ...options, maxCachedSessions: 0 });
    this.#fingerprint = fingerprint;
  }

  override createConnection(
    options: RequestOptions,
    callback?: (error: Error | null, socket: Duplex) => void,
  ): undefined {
    const { host, port, servername } = options;
    const endpoint = `${host}:${port}`;
    const socket = connect({
      host: host ?? 'localhost',
      port: Number(port),
      servername,
      rejectUnauthorized: false,
      timeout: pinnedConnectTimeoutMs,
    });
    const answer = (error: Error | null): void => {
      socket.off('secureConnect', check).off('error', fail).off('timeout', late);
      // What a refused socket still reports must not end the process.
      if (error !== null) socket.on('error', () => {}).destroy();
      else socket.setTimeout(this.options.timeout ?? 0);
      callback?.(error, socket);
    };
    const check = (): void => answer(this.#mismatch(socket, endpoint));
    const fail = (error: Error): void => answer(error);
    const late = (): void => answer(new Error(`no TLS connection to ${endpoint} in ${pinnedConnectTimeoutMs} ms`));
    socket.on('secureConnect', check).on('error', fail).on('timeout', late);
    return undefined;
  }

  #mismatch(socket: TLSSocket, endpoint: string): CertificateError | null {
    const found = socket.getPeerCertificate().fingerprint256;
    if (found === this.#fingerprint) return null;
    return new CertificateError(
      `${endpoint} showed another certificate than the pinned one: expected SHA-256 ${this.#fingerprint}, found ${found ?? 'none'}`,
      {
        cure:
          'If the certificate was renewed, compare the new fingerprint on the server itself and set tls.fingerprint; ' +
          'tls.ca with the CA that signs it survives renewals.',
      },
    );
  }
}

/** Colon-separated upper case hex, as Node and Proxmox print it. */
function normalFingerprint(text: string): string {
  const hex = text
    .replace(/^sha-?256[:=]/i, '')
    .replace(/[\s:]/g, '')
    .toUpperCase();
  if (!/^[0-9A-F]{64}$/.test(hex)) {
    throw new UsageError(`tls.fingerprint is no SHA-256 fingerprint: ${text}`, {
      cure: 'Give 32 hexadecimal bytes: openssl x509 -noout -fingerprint -sha256 -in pveproxy-ssl.pem',
    });
  }
  return hex.replace(/..(?=.)/g, '$&:');
}

function readCa(file: string): string {
  try {
    const pem = readFileSync(file, 'utf8');
    new X509Certificate(pem);
    return pem;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(`tls.ca: cannot use the CA file ${file}: ${why}`, {
      cause,
      cure: 'Give the path of a readable PEM file (Proxmox VE: /etc/pve/pve-root-ca.pem).',
    });
  }
}
