// What each answer proves, row by row, what an attempt that may have revoked the token does to the ones after it, and what
// the record settles.
import { describe, expect, test } from "vitest";
import type { Answer, AttemptResult, Failure } from "../../src/answer/result.js";
import {
  type Finding,
  isDefinite,
  isForRecord,
  isRouteMissing,
  type Next,
  refusesAll,
  settle,
  verdict,
} from "../../src/call/verdict.js";
import type { Outcome } from "../../src/types.js";

const rest = { headers: new Headers(), retryAfter: undefined, repeated: false };
const response = (status: number, redirected = false): Answer => ({
  ...{ kind: "response", status, redirected, excerpt: "" },
  ...rest,
});
const problem = (status: number, code?: string, type = "about:blank"): Answer => ({
  ...{ kind: "problem", status, problem: { type, status, ...(code !== undefined && { code }) }, isNamed: true },
  ...rest,
});
const failure = (why: Failure["why"], sent: boolean): Failure => ({
  ...{ kind: "failure", why, sent, reason: "", cause: undefined },
});

const FAILURES: Failure["why"][] = ["argument", "credential", "connection", "timeout", "abort"];

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
    ["no status", response(0), "unknown", "stop"],
    ["404 Token.NotFound", problem(404, "Token.NotFound"), "absent", "stop"],
    ["404 Token.NotFound with a type", problem(404, "Token.NotFound", "/x"), "absent", "stop"],
    ["404 problem without a code", problem(404), "not-revoked", "stop"],
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
    ["460, of a load balancer: the client left", response(460), "unknown", "stop"],
    ["499, of nginx: the client left", response(499), "unknown", "stop"],
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
    expect(verdict(result, false)).toEqual({ outcome, next });
  });
});

/** Every status, as a problem with each code and as another answer. */
const ALL: Answer[] = Array.from({ length: 1_000 }, (_, status) => [
  response(status),
  ...[undefined, "Token.NotFound", "NOT_FOUND", "Auth.MissingScope"].map((code) => problem(status, code)),
]).flat();
const EVERY: AttemptResult[] = [...ALL, ...FAILURES.flatMap((why) => [failure(why, true), failure(why, false)])];

test("the 4xx that prove something are those registered with IANA, whatever their body", () => {
  const proven = (results: Answer[]) =>
    results.filter((result) => verdict(result, false).outcome === "not-revoked").map(({ status }) => status);
  // https://www.iana.org/assignments/http-status-codes
  const registered = Array.from({ length: 18 }, (_, index) => 400 + index).filter((status) => status !== 408);
  registered.push(421, 422, 423, 424, 425, 426, 428, 429, 431, 451);
  expect(proven(ALL.filter(({ kind }) => kind === "response"))).toEqual(registered);
  expect(proven(ALL.filter((result) => result.kind === "problem" && !result.problem.code))).toEqual(registered);
});

test("no status but 204 is ever revoked, and no answer but one problem absent", () => {
  for (const result of ALL) {
    for (const isOpen of [false, true]) {
      for (const repeated of [false, true]) {
        const { outcome } = verdict({ ...result, repeated }, isOpen);
        expect(outcome === "revoked", `${result.status}`).toBe(result.status === 204);
        if (outcome === "absent") expect(result).toMatchObject({ status: 404, problem: { code: "Token.NotFound" } });
      }
    }
  }
});

test("after an attempt that may have revoked the token, what was not-revoked is unknown, and all else as before", () => {
  for (const result of EVERY) {
    const before = verdict(result, false);
    const outcome = before.outcome === "not-revoked" ? "unknown" : before.outcome;
    expect(verdict(result, true)).toEqual({ ...before, outcome });
  }
});

test("so is the answer to a request that may have been sent twice, also a 429: the first one may have revoked it", () => {
  for (const result of ALL) expect(verdict({ ...result, repeated: true }, false)).toEqual(verdict(result, true));
  expect(verdict({ ...response(429), repeated: true }, false)).toEqual({ outcome: "unknown", next: "backoff" });
});

test("nothing but 408, 429, a gateway's 403, some 5xx and failed connections is tried again", () => {
  const again = (result: AttemptResult) => verdict(result, false).next === "backoff";
  const statuses = (kind: string) => ALL.filter((result) => result.kind === kind && again(result));
  expect(new Set(statuses("problem").map(({ status }) => status))).toEqual(new Set([408, 429, 500, 502, 503, 504]));
  expect(statuses("response").map(({ status }) => status)).toEqual([403, 408, 429, 500, 502, 503, 504]);
  expect(FAILURES.filter((why) => again(failure(why, true)))).toEqual(["connection", "timeout"]);
});

test("a definite answer is a 204, or a problem of the API but 408, 429, 5xx and a missing route", () => {
  for (const result of ALL) {
    const { status } = result;
    const code = result.kind === "problem" ? result.problem.code : undefined;
    const isRoute = status === 405 || (status === 404 && code !== "Token.NotFound");
    const ofTheApi = result.kind === "problem" && status < 500 && status !== 408 && status !== 429;
    expect(isDefinite(result), `${status} ${code}`).toBe(
      result.kind === "response" ? status === 204 : ofTheApi && !isRoute,
    );
    expect(isRouteMissing(result), `${status} ${code}`).toBe(isRoute);
  }
  expect(isDefinite(response(204, true))).toBe(false);
  for (const why of FAILURES)
    expect([isDefinite(failure(why, true)), isRouteMissing(failure(why, true))]).toEqual([false, false]);
});

test("no other token fares better after a 401, or a 403 of the credential", () => {
  const codes = ["Auth.MissingScope", "Auth.UserDeleted", "Auth.MembershipDeleted"];
  const refusing = [response(401), problem(401), problem(401, "A.B"), ...codes.map((code) => problem(403, code))];
  for (const result of refusing) expect(refusesAll(result)).toBe(true);
  const others = [response(403), problem(403), problem(403, "A.B"), ...codes.map((code) => problem(422, code))];
  for (const result of [...others, response(204), failure("connection", true)]) expect(refusesAll(result)).toBe(false);
});

const REVOKED: Finding = { kind: "revoked", revokedAt: "2026-01-01T00:00:00Z", revokedBy: undefined };
const ACTIVE: Finding = { kind: "active", at: "" };
const UNREADABLE: Finding = { kind: "unreadable", reason: "" };

describe("the record settles a call", () => {
  test.each<[Finding, Outcome, Outcome, Outcome]>([
    // The call ended not-revoked, unknown, absent.
    [REVOKED, "revoked", "revoked", "revoked"],
    [ACTIVE, "not-revoked", "unknown", "unknown"],
    [{ kind: "no-token" }, "absent", "absent", "absent"],
    [{ kind: "no-account" }, "absent", "absent", "absent"],
    [UNREADABLE, "not-revoked", "unknown", "absent"],
  ])("$kind", (finding, notRevoked, unknown, absent) => {
    expect(settle("not-revoked", finding)).toBe(notRevoked);
    expect(settle("unknown", finding)).toBe(unknown);
    expect(settle("absent", finding)).toBe(absent);
  });

  test("it is asked where a request may have been written and the answer was neither 204, 401 nor the API's 403", () => {
    for (const result of EVERY) {
      const { outcome } = verdict(result, false);
      const wouldBeRefused = result.status === 401 || (result.status === 403 && result.kind === "problem");
      expect(isForRecord({ written: true, outcome }, result)).toBe(outcome !== "revoked" && !wouldBeRefused);
      expect(isForRecord({ written: false, outcome }, result)).toBe(false);
    }
  });
});
