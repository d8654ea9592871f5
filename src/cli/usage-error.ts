// What the person at the terminal can fix: printed in its own words, without a stack. Nothing was sent.
export class UsageError extends Error {
  /** Lines to print before the message. */
  readonly details: readonly string[];

  constructor(message: string, details: readonly string[] = []) {
    super(message);
    this.details = details;
  }
}
