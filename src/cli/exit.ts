// How the command ends: the codes of the vendor's own CLI, and what ends it early.
import { KaitenError } from "../index.js";

const SENT = { refused: 3, notFound: 4, rejected: 5, unreachable: 6 } as const;
export const EXIT = { ok: 0, other: 1, usage: 2, ...SENT, interrupted: 130 } as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

const FROM_MOST_SEVERE = [EXIT.unreachable, EXIT.refused, EXIT.rejected, EXIT.notFound, EXIT.other];

export const mostSevere = (codes: ReadonlySet<ExitCode>): ExitCode =>
  FROM_MOST_SEVERE.find((code) => codes.has(code)) ?? EXIT.ok;

/** What the error of one token, or of a read, says about the run. */
export function codeOfError(error: unknown): ExitCode {
  if (!(error instanceof KaitenError)) return EXIT.other;
  const { name, outcome, status = 0 } = error;
  if (name === "KaitenNotAttemptedError") return codeOfError(error.cause);
  if (outcome === "unknown" || name === "KaitenConnectionError" || name === "KaitenTimeoutError")
    return EXIT.unreachable;
  if (name === "KaitenAbortError") return EXIT.other;
  // Without an answer and without a failed connection, there was no credential to send.
  if (status === 0 || status === 401) return EXIT.refused;
  // A 403 that is no problem comes from the gateway, as in an outage of its auth service.
  if (status === 403) return name === "KaitenProblemError" ? EXIT.refused : EXIT.unreachable;
  if (status < 400 || status >= 500) return EXIT.unreachable;
  return status === 404 ? EXIT.notFound : EXIT.rejected;
}

/** What the person can correct. Where it ends the command, nothing was revoked: that is added when it is told. */
export class UsageError extends Error {
  readonly code: ExitCode;

  /** @param message of one or more lines. */
  constructor(message: string, code: ExitCode = EXIT.usage) {
    super(message);
    this.code = code;
  }
}

/** Ctrl-C or Ctrl-D at a question, a lost terminal, or a signal before anything was sent. */
export class Interrupted extends UsageError {
  constructor() {
    super("", EXIT.interrupted);
  }
}
