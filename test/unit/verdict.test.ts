// What each answer proves, row by row, and what an attempt that may have revoked the token does to the ones after it.
import { describe, expect, test } from "vitest";
import { type AttemptResult, isDefinite, isRouteMissing, type Next, verdict } from "../../src/call/verdict.js";
import type { Outcome } from "../../src/types.js";

const rest = { headers: new Headers(), retryAfter: undefined };
const response = (status: number, redirected = false): AttemptResult => ({
  ...{ kind: "response", status, redirected, excerpt: "" },
  ...rest,
});
const problem = (status: number, code?: string, type = "about:blank"): AttemptResult => ({
  ...{ kind: "problem", status, problem: { type, status, ...(code !== undefined && { code }) }, unreadableName: false },
  ...rest,
});
type Why = Extract<AttemptResult, { kind: "failure" }>["why"];
const failure = (why: Why, sent: boolean): AttemptResult => ({
  ...{ kind: "failure", why, sent, reason: "", cause: undefined },
});

const FAILURES: Why[] = ["argument", "credential", "connection", "timeout", "abort"];

describe("the first attempt", () => {
  test.each<[string, AttemptResult, Outcome, Next]>([
    ["204", response(204), "revoked", "stop"],
    ["204 to a request that is not ours", response(204, true), "unknown", "stop"],
    ["403 to a request that is not ours", response(403, true), "unknown", "stop"],
    ["200", response(200), "unknown", "stop"],
    ["201", response(201), "unknown", "stop"],
    ["205", response(205), "unknown", "stop"],
    ["301", response(301), "unknown", "stop"],
    ["399", response(399), "unknown", "stop"],
    ["a redirect that a browser hides", response(0), "unknown", "stop"],
    ["404 Token.NotFound", problem(404, "Token.NotFound"), "absent", "stop"],
    ["404 Token.NotFound with a type", problem(404, "Token.NotFound", "/x"), "absent", "stop"],
    ["404 problem without a code", problem(404), "not-revoked", "stop"],
    ["404 problem with a type", problem(404, undefined, "/errors#NO_ROUTE"), "not-revoked", "stop"],
    ["404 NOT_FOUND", problem(404, "NOT_FOUND"), "not-revoked", "stop"],
    ["404 token.notfound", problem(404, "token.notfound"), "not-revoked", "stop"],
    ["404 that is no problem", response(404), "not-revoked", "stop"],
    ["410 Token.NotFound", problem(410, "Token.NotFound"), "not-revoked", "stop"],
    ["429", response(429), "not-revoked", "backoff"],
    ["429 problem", problem(429), "not-revoked", "backoff"],
    ["408", response(408), "unknown", "backoff"],
    ["408 problem", problem(408), "unknown", "backoff"],
    ["400", problem(400), "not-revoked", "stop"],
    ["401", response(401), "not-revoked", "refresh"],
    ["401 problem", problem(401), "not-revoked", "refresh"],
    ["403 of the API", problem(403), "not-revoked", "stop"],
    ["403 Auth.MissingScope", problem(403, "Auth.MissingScope"), "not-revoked", "stop"],
    ["403 of the gateway", response(403), "not-revoked", "backoff"],
    ["422", problem(422), "not-revoked", "stop"],
    ["499", response(499), "not-revoked", "stop"],
    ["500", problem(500), "unknown", "backoff"],
    ["501", response(501), "unknown", "stop"],
    ["502", response(502), "unknown", "backoff"],
    ["503", response(503), "unknown", "backoff"],
    ["504", response(504), "unknown", "backoff"],
    ["505", response(505), "unknown", "stop"],
    ["600", response(600), "unknown", "stop"],
    ["nothing written", failure("connection", false), "not-revoked", "backoff"],
    ["no answer", failure("connection", true), "unknown", "backoff"],
    ["a timeout before anything was written", failure("timeout", false), "not-revoked", "backoff"],
    ["a timeout", failure("timeout", true), "unknown", "backoff"],
    ["no credential", failure("credential", false), "not-revoked", "stop"],
    ["a slug that is the credential", failure("argument", false), "not-revoked", "stop"],
    ["an abort before anything was written", failure("abort", false), "not-revoked", "stop"],
    ["an abort", failure("abort", true), "unknown", "stop"],
  ])("%s", (_, result, outcome, next) => {
    expect(verdict(result, false, false)).toEqual({ outcome, next });
  });
});

describe("after an attempt that may have revoked the token", () => {
  test.each<[string, AttemptResult, Outcome, Next]>([
    ["204 is still revoked", response(204), "revoked", "stop"],
    ["absent is still absent", problem(404, "Token.NotFound"), "absent", "stop"],
    ["a refusal proves nothing any more", problem(403), "unknown", "stop"],
    ["a refused credential is still replaced, and proves nothing any more", problem(401), "unknown", "refresh"],
    ["a limit is still retried, and proves nothing any more", response(429), "unknown", "backoff"],
    ["nor does a connection that was refused", failure("connection", false), "unknown", "backoff"],
    ["nor does a credential that is missing", failure("credential", false), "unknown", "stop"],
    ["nor does a lost answer", failure("connection", true), "unknown", "backoff"],
  ])("%s", (_, result, outcome, next) => {
    expect(verdict(result, true, false)).toEqual({ outcome, next });
    expect(verdict(result, true, true)).toEqual({ outcome, next });
  });
});

/** Every status, as a problem with each code and as another answer. */
const ALL = Array.from({ length: 1_000 }, (_, status) => [
  response(status),
  problem(status),
  problem(status, "Token.NotFound"),
  problem(status, "NOT_FOUND"),
  problem(status, "Auth.MissingScope"),
]).flat() as Exclude<AttemptResult, { kind: "failure" }>[];

test("no status but 204 is ever revoked, and none but 4xx is not-revoked or absent", () => {
  for (const result of ALL) {
    for (const maybeRevoked of [false, true]) {
      for (const repeats of [false, true]) {
        const { outcome } = verdict(result, maybeRevoked, repeats);
        const { status } = result;
        expect(outcome === "revoked", `${status}`).toBe(status === 204);
        if (outcome === "absent") expect(result).toMatchObject({ status: 404, problem: { code: "Token.NotFound" } });
        if (outcome === "not-revoked") {
          expect(Math.floor(status / 100)).toBe(4);
          expect([maybeRevoked, repeats]).toEqual([false, false]);
        }
      }
    }
  }
});

describe("where the platform may repeat a request", () => {
  test("a 4xx that is not absent is unknown, and all else is as elsewhere", () => {
    for (const result of ALL) {
      const elsewhere = verdict(result, false, false);
      const outcome = elsewhere.outcome === "not-revoked" ? "unknown" : elsewhere.outcome;
      expect(verdict(result, false, true)).toEqual({ ...elsewhere, outcome });
    }
  });

  test("nothing written is still not-revoked", () => {
    for (const why of FAILURES) {
      for (const sent of [false, true]) {
        expect(verdict(failure(why, sent), false, true)).toEqual(verdict(failure(why, sent), false, false));
      }
    }
  });
});

test("nothing but 408, 429, a gateway's 403, some 5xx and failed connections is tried again", () => {
  const again = (result: AttemptResult) => verdict(result, false, false).next === "backoff";
  const statuses = (kind: string) => ALL.filter((result) => result.kind === kind && again(result));
  expect(new Set(statuses("problem").map(({ status }) => status))).toEqual(new Set([408, 429, 500, 502, 503, 504]));
  expect(statuses("response").map(({ status }) => status)).toEqual([403, 408, 429, 500, 502, 503, 504]);
  expect(FAILURES.filter((why) => again(failure(why, true)))).toEqual(["connection", "timeout"]);
});

describe("a definite answer", () => {
  test("is a 204, or a problem of the API that is about this request", () => {
    for (const result of ALL) {
      const { status } = result;
      const { code } = result.kind === "problem" ? result.problem : {};
      const ofTheApi = result.kind === "problem" && status < 500 && status !== 408 && status !== 429;
      const expected =
        result.kind === "response" ? status === 204 : ofTheApi && !(status === 404 && code === "NOT_FOUND");
      expect(isDefinite(result), `${status} ${code}`).toBe(expected);
    }
  });

  test("is neither an answer to another request nor a failure", () => {
    expect(isDefinite(response(204, true))).toBe(false);
    for (const why of FAILURES) expect(isDefinite(failure(why, true))).toBe(false);
  });
});

test("a missing route is a 404 that is NOT_FOUND or no problem", () => {
  const missing = ALL.filter(isRouteMissing);
  expect(missing.map(({ kind, status }) => [kind, status])).toEqual([
    ["response", 404],
    ["problem", 404],
  ]);
  expect(missing[1]).toMatchObject({ problem: { code: "NOT_FOUND" } });
  for (const why of FAILURES) expect(isRouteMissing(failure(why, true))).toBe(false);
});
