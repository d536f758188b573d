/** One request as it came over the wire. `url` holds path and query, e.g. `/api2/json/nodes/pve1/qemu/100?purge=1`. */
export interface SimRequest {
  method: string;
  url: string;
  /** Header names in lower case. */
  headers: Record<string, string>;
  body: string;
}

/** One answer. `reason` is the reason phrase: Proxmox VE puts its error text there. */
export interface SimResponse {
  status: number;
  reason: string;
  headers: Record<string, string>;
  body: string;
}

/** A simulated system behind its one port. Rejects with `ConnectionLost` where the real one would give no answer at all. */
export type SimHandler = (request: SimRequest) => Promise<SimResponse>;

/** The connection ends without an answer; the server in front destroys its socket. */
export class ConnectionLost extends Error {
  override name = 'ConnectionLost';
  readonly code: 'ECONNRESET' | 'ECONNREFUSED';

  constructor(code: 'ECONNRESET' | 'ECONNREFUSED') {
    super(`simulated ${code}`);
    this.code = code;
  }
}
