export interface SendRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Form-encoded; only POST and PUT have one. */
  readonly body?: string | undefined;
  /** The sender rejects when this aborts; time-outs arrive through it. */
  readonly signal: AbortSignal;
}

export interface SendResponse {
  readonly status: number;
  /** The reason phrase, in which Proxmox says what was wrong. */
  readonly reason: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Carries one HTTP request and gives the answer, whatever its status. Rejects with SendFailure where none came. */
export type Sender = (request: SendRequest) => Promise<SendResponse>;

/** No answer came. `sent` is false only where not one byte of the request can have left. */
export class SendFailure extends Error {
  override name = 'SendFailure';
  readonly sent: boolean;

  constructor(message: string, sent: boolean) {
    super(message);
    this.sent = sent;
  }
}
