// How the command ends: the codes of the vendor's own CLI.
import {
  KaitenAbortError,
  KaitenConnectionError,
  KaitenError,
  KaitenNotAttemptedError,
  KaitenProblemError,
  KaitenResponseError,
  KaitenTimeoutError,
} from "../index.js";

export const EXIT = {
  ok: 0,
  other: 1,
  usage: 2,
  refused: 3,
  notFound: 4,
  rejected: 5,
  unreachable: 6,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

const FROM_MOST_SEVERE = [EXIT.unreachable, EXIT.refused, EXIT.rejected, EXIT.notFound, EXIT.other] as const;

export const mostSevere = (codes: ReadonlySet<ExitCode>): ExitCode =>
  FROM_MOST_SEVERE.find((code) => codes.has(code)) ?? EXIT.ok;

/** What the error of one token says about the run. */
export function codeOfError(error: unknown): ExitCode {
  if (!(error instanceof KaitenError)) return EXIT.other;
  if (error instanceof KaitenNotAttemptedError) return codeOfError(error.cause);
  if (error.outcome === "unknown") return EXIT.unreachable;
  if (error instanceof KaitenAbortError) return EXIT.other;
  if (error instanceof KaitenConnectionError || error instanceof KaitenTimeoutError) return EXIT.unreachable;
  // Without an answer and without a failed connection, there was no credential to send.
  if (!(error instanceof KaitenProblemError || error instanceof KaitenResponseError)) return EXIT.refused;
  // A 403 that is no problem comes from the gateway, as in an outage of its auth service.
  if (error.status === 403) return error instanceof KaitenProblemError ? EXIT.refused : EXIT.unreachable;
  if (error.status === 401) return EXIT.refused;
  return error.status === 404 ? EXIT.notFound : EXIT.rejected;
}
