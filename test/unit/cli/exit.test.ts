// The exit code for each thing that can become of a token, and for many at once.
import { expect, test } from "vitest";
import { codeOfError, type ExitCode, mostSevere } from "../../../src/cli/exit.js";
import {
  KaitenAbortError,
  KaitenConnectionError,
  KaitenError,
  KaitenNotAttemptedError,
  KaitenProblemError,
  KaitenResponseError,
  KaitenTimeoutError,
} from "../../../src/index.js";

type Unproven = "absent" | "not-revoked" | "unknown";

const headers = new Headers();
const failure = (outcome: Unproven, cause?: unknown) => ({
  ...{ outcome, attempts: 1, cause, at: "2026-01-01T00:00:00Z" },
  ref: { serviceAccountSlug: "ci-bot", tokenSlug: "deploy-key" },
});
const problem = (status: number, outcome: Unproven = "not-revoked") =>
  new KaitenProblemError(
    "no",
    { status, headers, problem: { type: "about:blank", status }, retryAfter: undefined },
    failure(outcome),
  );
const response = (status: number, outcome: Unproven = "not-revoked") =>
  new KaitenResponseError("no", { status, headers, excerpt: "", retryAfter: undefined }, failure(outcome));
const connection = (outcome: Unproven) => new KaitenConnectionError("no", failure(outcome));
const notAttempted = (cause: unknown, outcome: Unproven = "not-revoked") =>
  new KaitenNotAttemptedError("no", failure(outcome, cause));

test.each<[number, string, unknown]>([
  [1, "a bad reference", new TypeError("no")],
  [1, "an abort before anything was sent", new KaitenAbortError("no", failure("not-revoked"))],
  [6, "an abort of a request in flight", new KaitenAbortError("no", failure("unknown"))],
  [3, "a 401", problem(401)],
  [3, "a 403 of the API", problem(403)],
  [6, "a 403 of the gateway", response(403)],
  [3, "a credential that could not be read", new KaitenError("no", failure("not-revoked"))],
  [4, "an absent token", problem(404, "absent")],
  [4, "a missing route", problem(404)],
  [4, "the 404 of a proxy", response(404)],
  [5, "a 422", problem(422)],
  [5, "a 429 of the API", problem(429)],
  [5, "a 429 of the gateway", response(429)],
  [5, "a proxy's 407", response(407)],
  [6, "a refused connection", connection("not-revoked")],
  [6, "a lost connection", connection("unknown")],
  [6, "a timeout before anything was sent", new KaitenTimeoutError("no", 10, failure("not-revoked"))],
  [6, "a 500", problem(500, "unknown")],
  [6, "a 500 to a read of the record", problem(500)],
  [6, "a page in place of the record", response(200)],
  [6, "a 408", response(408, "unknown")],
  [6, "a 401 after an attempt that may have revoked it", problem(401, "unknown")],
  [3, "not attempted after a refusal", notAttempted(problem(401))],
  [3, "not attempted after a refusal, and maybe revoked before", notAttempted(problem(401), "unknown")],
  [5, "not attempted after a limit", notAttempted(problem(429))],
  [6, "not attempted after an outage", notAttempted(connection("unknown"))],
])("%i: %s", (code, _, error) => {
  expect(codeOfError(error)).toBe(code);
});

test("of many, the most severe one: 6, 3, 5, 4, 1, 0", () => {
  const codes: ExitCode[] = [6, 3, 5, 4, 1, 0];
  for (const [index, code] of codes.entries()) {
    expect(mostSevere(new Set(codes.slice(index)))).toBe(code);
    expect(mostSevere(new Set(codes.slice(index).reverse()))).toBe(code);
  }
  expect(mostSevere(new Set())).toBe(0);
});
