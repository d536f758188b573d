import { type Agent, request } from 'node:https';
import { TLSSocket } from 'node:tls';

/** What a server showed when the connection was made. */
export interface PeerCertificate {
  /** End of its validity, milliseconds since the epoch. */
  readonly validTo: number;
}

/**
 * The certificate that `url` shows to `agent`, which verifies it. Nothing is sent.
 * @throws what the agent says to a certificate that it does not trust; an Error when there is no connection in time
 */
export function peerCertificate(url: string, agent: Agent, timeoutMs: number): Promise<PeerCertificate> {
  return new Promise((resolve, reject) => {
    const asking = request(url, { agent, timeout: timeoutMs });
    const read = (socket: TLSSocket) => {
      const validTo = Date.parse(socket.getPeerCertificate().valid_to ?? '');
      asking.destroy();
      if (Number.isNaN(validTo)) reject(new Error(`${url} showed no certificate`));
      else resolve({ validTo });
    };
    asking.on('error', reject);
    asking.on('timeout', () => asking.destroy(new Error(`no TLS connection to ${url} in ${timeoutMs} ms`)));
    asking.on('socket', (socket) => {
      if (!(socket instanceof TLSSocket)) return asking.destroy(new Error(`${url} is no TLS connection`));
      // A pinned connection is handed out when it has been compared.
      if (socket.connecting || !socket.getPeerCertificate()?.valid_to) socket.once('secureConnect', () => read(socket));
      else read(socket);
    });
  });
}
