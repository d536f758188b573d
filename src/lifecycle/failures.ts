/** An error that ends the attempt: the row goes to the pipeline's error state. */
export class StepFailure extends Error {
  override name = 'StepFailure';
  /** What a human should do. */
  readonly cure: string | undefined;
  constructor(reason: string, cure?: string, cause?: unknown) {
    super(reason, { cause });
    this.cure = cure;
  }
}

/** The whole cluster cannot be worked with: no failure of the row, which is left where it is, and no attempt is counted. */
export class Outage extends Error {
  override name = 'Outage';
}
