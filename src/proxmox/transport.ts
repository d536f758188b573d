/** A parameter of an API call. Booleans travel as 1 and 0: Proxmox refuses the words "true" and "false". */
export type ParamValue = string | number | boolean | undefined;

/** One call of the Proxmox VE API. */
export interface ApiCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below `/api2/json`, percent-encoded (see `apiPath`). */
  readonly path: string;
  /** Left out where undefined. Sent in the query for GET and DELETE, as a form for POST and PUT. */
  readonly params?: Readonly<Record<string, ParamValue>>;
  /** The node that does the work: limits count by it. */
  readonly node?: string;
  readonly vmid?: number;
  /** `changes`: the call alters something, so it is never repeated while it might have been executed. */
  readonly effect: 'none' | 'changes';
  /** A reading that is repeated and shared by all who wait: not worth a line of its own in a log. */
  readonly shared?: boolean | undefined;
  /** Milliseconds, for the whole call with every entry point it tries. Default `defaultTimeoutMs`. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface ApiAnswer {
  readonly data: unknown;
  /** Beside `data` in paged lists. */
  readonly total?: number | undefined;
  /** The server's time from its `Date` header, ms since the epoch. */
  readonly date?: number | undefined;
}

/**
 * The one port through which everything reaches a cluster. Wrappers (retry, limits, guard, …) take one and give one.
 * @throws ProxmoxError for everything that Proxmox or the network says.
 */
export interface Transport {
  call(call: ApiCall): Promise<ApiAnswer>;
}

/** A call on its way out, with the headers that log it in. */
export interface RawCall extends ApiCall {
  readonly headers: Readonly<Record<string, string>>;
}

/** The lower half of the stack, below the login. */
export interface RawTransport {
  call(call: RawCall): Promise<ApiAnswer>;
}

/** Longer than the 30 s after which pveproxy itself gives up with 596, so that its answer is seen. */
export const defaultTimeoutMs = 35_000;

/** A path whose values are percent-encoded, so that no value can reach another path: apiPath`/nodes/${node}/qemu`. */
export function apiPath(parts: TemplateStringsArray, ...values: (string | number)[]): string {
  return parts.reduce((path, part, index) => path + encodeURIComponent(String(values[index - 1] ?? '')) + part);
}
