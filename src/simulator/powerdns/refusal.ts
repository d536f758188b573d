/** The server does not do what it was asked. 422 goes out as JSON, the others as the client accepts. */
export class Refusal extends Error {
  override name = 'Refusal';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** What the record or the request is wrong in. */
export function unprocessable(message: string): Refusal {
  return new Refusal(422, message);
}
