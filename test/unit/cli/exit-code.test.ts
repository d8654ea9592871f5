// What the command ends with, for each thing that can become of a token, and for many at once.
import { describe, expect, test } from "vitest";
import { EXIT, EXIT_CODES, type ExitCode, exitCodeOf, mostSevere } from "../../../src/cli/exit-code.js";
import {
  KaitenConnectionError,
  KaitenError,
  KaitenProblemError,
  KaitenResponseError,
  KaitenTimeoutError,
  type TokenResult,
} from "../../../src/index.js";

type Unproven = "absent" | "not-revoked" | "unknown";

const ref = { serviceAccountSlug: "ci-bot", tokenSlug: "deploy-key" };
const headers = new Headers();
const failure = (outcome: Unproven) => ({
  outcome,
  attempts: 1,
  request: { method: "DELETE", url: "https://kaiten.example.com/api" },
});

const problem = (status: number, outcome: Unproven = "not-revoked") =>
  new KaitenProblemError(
    "no",
    { status, headers, problem: { type: "about:blank", status }, retryAfter: undefined },
    failure(outcome),
  );
const response = (status: number, outcome: Unproven = "not-revoked") =>
  new KaitenResponseError("no", { status, headers, excerpt: "" }, failure(outcome));
const connection = (outcome: Unproven) => new KaitenConnectionError("no", failure(outcome));
const timeout = (outcome: Unproven) => new KaitenTimeoutError("no", 10_000, failure(outcome));

test("the codes are those of the vendor's own CLI", () => {
  expect(EXIT).toEqual({
    ok: 0,
    other: 1,
    usage: 2,
    refused: 3,
    notFound: 4,
    rejected: 5,
    unreachable: 6,
    interrupted: 130,
  });
});

test("--help is told of every code, in order", () => {
  expect(EXIT_CODES).toEqual([
    [0, "every token is dead; lines that --skip-bad left out are not counted"],
    [1, "something else went wrong, or you said no"],
    [2, "wrong usage, a bad list, or no --yes without a terminal: nothing was sent"],
    [3, "the credential was refused (401, 403)"],
    [4, "no such token, or no such route (404)"],
    [5, "the request was rejected (another 4xx)"],
    [6, "unreachable or a server's error: a token may be dead or alive"],
    [130, "interrupted"],
  ]);
  expect(EXIT_CODES.map(([code]) => code)).toEqual(Object.values(EXIT));
});

describe("the code of one token", () => {
  test.each(["revoked", "absent"] as const)("without an error, %s, is 0", (outcome) => {
    expect(exitCodeOf({ ref, outcome, attempts: 1 })).toBe(0);
  });

  test.each<[ExitCode, string, NonNullable<TokenResult["error"]>]>([
    [1, "a bad reference", new TypeError("tokenSlug is empty. Nothing was sent.")],
    [3, "a 401", problem(401)],
    [3, "a 403", problem(403)],
    [3, "a proxy's 401", response(401)],
    [3, "a proxy's 403", response(403)],
    [3, "no credential to send", new KaitenError("no", failure("not-revoked"))],
    [4, "no such token", problem(404, "absent")],
    [4, "no such route", problem(404)],
    [4, "a proxy's 404", response(404)],
    [5, "a 400", problem(400)],
    [5, "a 402", problem(402)],
    [5, "a 405", problem(405)],
    [5, "a 422", problem(422)],
    [5, "a 429", problem(429)],
    [5, "a proxy's 413", response(413)],
    [6, "a redirect that a browser hides", response(0)],
    [6, "nobody who listens", connection("not-revoked")],
    [6, "a connection that was lost", connection("unknown")],
    [6, "no credential in time", timeout("not-revoked")],
    [6, "no answer in time", timeout("unknown")],
    [6, "a 500", problem(500, "unknown")],
    [6, "a 401 after an attempt that may have revoked it", problem(401, "unknown")],
    [6, "a proxy's 404 after an attempt that may have revoked it", response(404, "unknown")],
    [6, "no credential after an attempt that may have revoked it", new KaitenError("no", failure("unknown"))],
  ])("%i is %s", (code, _, error) => {
    const outcome = error instanceof KaitenError ? error.outcome : "not-revoked";
    expect(exitCodeOf({ ref, outcome, attempts: 1, error })).toBe(code);
  });

  test("a bad reference is one whatever is known of it", () => {
    expect(exitCodeOf({ ref, outcome: "unknown", attempts: 0, error: new TypeError("no") })).toBe(1);
  });
});

describe("the code of many", () => {
  const FROM_THE_MOST_SEVERE = [6, 3, 5, 4, 1, 0] as const;

  test.each(
    FROM_THE_MOST_SEVERE.flatMap((severe, index) => FROM_THE_MOST_SEVERE.slice(index).map((mild) => [severe, mild])),
  )("%i hides %i, in either order", (severe, mild) => {
    expect(mostSevere([severe, mild] as ExitCode[])).toBe(severe);
    expect(mostSevere([mild, severe] as ExitCode[])).toBe(severe);
  });

  test("it is the most severe of any that can be gone through", () => {
    expect(mostSevere(new Set<ExitCode>([0, 1, 4, 5, 3]))).toBe(3);
    expect(mostSevere(new Map<ExitCode, number>([[5, 1]]).keys())).toBe(5);
  });

  test("it is 0 of none", () => {
    expect(mostSevere([])).toBe(0);
  });
});
