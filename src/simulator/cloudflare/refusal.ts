export interface CloudflareError {
  readonly code: number;
  readonly message: string;
  readonly error_chain?: readonly CloudflareError[];
}

/** The API does not do what it was asked. */
export class Refusal extends Error {
  override name = 'Refusal';
  readonly status: number;
  readonly error: CloudflareError;

  constructor(status: number, error: CloudflareError) {
    super(error.message);
    this.status = status;
    this.error = error;
  }
}

export function badRequest(code: number, message: string): Refusal {
  return new Refusal(400, { code, message });
}

/** An error of validation: its reason is in the chain. */
export function invalid(code: number, message: string): Refusal {
  return new Refusal(400, { code: 1004, message: 'DNS Validation Error', error_chain: [{ code, message }] });
}

export class RateLimited extends Refusal {
  /** Seconds. */
  readonly retryAfter: number | undefined;

  constructor(retryAfter: number | undefined) {
    super(429, { code: 971, message: 'Please wait and consider throttling your request speed' });
    this.retryAfter = retryAfter;
  }
}
