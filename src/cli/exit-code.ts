// How the command ends: the codes of the vendor's own CLI.
import { KaitenError, KaitenProblemError, KaitenResponseError, type TokenResult } from "../index.js";

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

/** For `--help`. */
export const EXIT_CODES: readonly (readonly [ExitCode, string])[] = [
  [EXIT.ok, "every token is dead; lines that --skip-bad left out are not counted"],
  [EXIT.other, "something else went wrong, or you said no"],
  [EXIT.usage, "wrong usage, a bad list, or no --yes without a terminal: nothing was sent"],
  [EXIT.refused, "the credential was refused (401, 403)"],
  [EXIT.notFound, "no such token, or no such route (404)"],
  [EXIT.rejected, "the request was rejected (another 4xx)"],
  [EXIT.unreachable, "unreachable or a server's error: a token may be dead or alive"],
  [EXIT.interrupted, "interrupted"],
];

/** From the most severe. */
const SEVERITY: readonly ExitCode[] = [
  EXIT.unreachable,
  EXIT.refused,
  EXIT.rejected,
  EXIT.notFound,
  EXIT.other,
  EXIT.ok,
];

export function exitCodeOf({ outcome, error }: TokenResult): ExitCode {
  if (!error) return EXIT.ok;
  if (!(error instanceof KaitenError)) return EXIT.other;
  if (outcome === "unknown") return EXIT.unreachable;
  const status = error instanceof KaitenProblemError || error instanceof KaitenResponseError ? error.status : undefined;
  if (status === 401 || status === 403) return EXIT.refused;
  if (status === 404) return EXIT.notFound;
  if (status) return EXIT.rejected;
  // Itself a KaitenError: there was no credential to send, or it was refused before.
  return error.name === "KaitenError" ? EXIT.refused : EXIT.unreachable;
}

export function mostSevere(codes: Iterable<ExitCode>): ExitCode {
  const all = new Set(codes);
  return SEVERITY.find((code) => all.has(code)) ?? EXIT.ok;
}
