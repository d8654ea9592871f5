// What ends the command early: each is told in its own words, without a stack.
import { EXIT, type ExitCode } from "./exit-code.js";

/** What the person at the terminal can fix. Nothing was sent. */
export class UsageError extends Error {
  /** Lines to print before the message. */
  readonly details: readonly string[];
  readonly code: ExitCode;

  constructor(
    message: string,
    { details = [], code = EXIT.usage }: { details?: readonly string[]; code?: ExitCode } = {},
  ) {
    super(message);
    this.details = details;
    this.code = code;
  }
}

/** Ctrl-C or Ctrl-D at a question, a lost terminal, or a signal before anything was sent. */
export class Interrupted extends Error {}
