// What each answer proves, row by row, and what an attempt that may have revoked the token does to the ones after it.
import { describe, expect, test } from "vitest";
import type { AttemptResult } from "../../src/answer/result.js";
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
const response = (status: number, redirected = false): AttemptResult => ({
  ...{ kind: "response", status, redirected, excerpt: "" },
  ...rest,
});
const problem = (status: number, code?: string, type = "about:blank"): AttemptResult => ({
  ...{
    kind: "problem",
    status,
    problem: { type, status, ...(code !== undefined && { code }) },
    isNamed: code !== undefined,
  },
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
    ["451", response(451), "not-revoked", "stop"],
    ["418, which is not registered", response(418), "unknown", "stop"],
    ["460, which is not registered", response(460), "unknown", "stop"],
    ["499, which is not registered", problem(499), "unknown", "stop"],
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
    expect(verdict(result, true)).toEqual({ outcome, next });
    if (result.kind !== "failure") expect(verdict({ ...result, repeated: true }, true)).toEqual({ outcome, next });
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
    for (const isOpen of [false, true]) {
      for (const repeated of [false, true]) {
        const { outcome } = verdict({ ...result, repeated }, isOpen);
        const { status } = result;
        expect(outcome === "revoked", `${status}`).toBe(status === 204);
        if (outcome === "absent") expect(result).toMatchObject({ status: 404, problem: { code: "Token.NotFound" } });
        if (outcome === "not-revoked") {
          expect(Math.floor(status / 100)).toBe(4);
          expect([isOpen, repeated]).toEqual([false, false]);
        }
      }
    }
  }
});

describe("where a request may have been sent twice", () => {
  test("a 4xx that is not absent is unknown, and all else is as elsewhere", () => {
    for (const result of ALL) {
      const elsewhere = verdict(result, false);
      const outcome = elsewhere.outcome === "not-revoked" ? "unknown" : elsewhere.outcome;
      expect(verdict({ ...result, repeated: true }, false)).toEqual({ ...elsewhere, outcome });
    }
  });
});

test("nothing but 408, 429, a gateway's 403, some 5xx and failed connections is tried again", () => {
  const again = (result: AttemptResult) => verdict(result, false).next === "backoff";
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
        result.kind === "response"
          ? status === 204
          : ofTheApi && status !== 405 && !(status === 404 && code !== "Token.NotFound");
      expect(isDefinite(result), `${status} ${code}`).toBe(expected);
    }
  });

  test("is neither an answer to another request nor a failure", () => {
    expect(isDefinite(response(204, true))).toBe(false);
    for (const why of FAILURES) expect(isDefinite(failure(why, true))).toBe(false);
  });
});

test("a missing route is a 404 that is not about the token, or a 405", () => {
  const missing = ALL.filter(isRouteMissing);
  expect(new Set(missing.map(({ status }) => status))).toEqual(new Set([404, 405]));
  const absent = ALL.filter(({ status }) => status === 404 || status === 405).filter((each) => !isRouteMissing(each));
  expect(absent).toMatchObject([{ status: 404, problem: { code: "Token.NotFound" } }]);
  for (const why of FAILURES) expect(isRouteMissing(failure(why, true))).toBe(false);
});

describe("the record", () => {
  const revoked: Finding = { kind: "revoked", revokedAt: "2026-11-28T09:30:00Z", revokedBy: undefined };
  const findings: Finding[] = [
    revoked,
    { kind: "active", at: "2026-11-28T09:30:00Z" },
    { kind: "no-token" },
    { kind: "no-account" },
    { kind: "unreadable", reason: "403" },
  ];

  test.each<[ended: Outcome, settled: Outcome[]]>([
    ["absent", ["revoked", "unknown", "absent", "absent", "absent"]],
    ["not-revoked", ["revoked", "not-revoked", "absent", "absent", "not-revoked"]],
    ["unknown", ["revoked", "unknown", "absent", "absent", "unknown"]],
  ])("settles what ended %s", (ended, settled) => {
    expect(findings.map((finding) => settle(ended, finding))).toEqual(settled);
  });

  test("is asked where something was written, the answers leave the token open, and the read is not refused, too", () => {
    const asked = (result: AttemptResult, outcome: Outcome = "unknown") =>
      isForRecord({ written: true, outcome }, result);
    expect(asked(response(204), "revoked")).toBe(false);
    expect(isForRecord({ written: false, outcome: "not-revoked" }, failure("connection", false))).toBe(false);
    for (const result of ALL) {
      const refused = result.status === 401 || (result.status === 403 && result.kind === "problem");
      expect(asked(result), `${result.kind} ${result.status}`).toBe(!refused);
    }
    for (const why of FAILURES) expect(asked(failure(why, true))).toBe(true);
  });
});

test("a credential that no other token cures is refused for all", () => {
  const codes = ["Auth.MissingScope", "Auth.UserDeleted", "Auth.MembershipDeleted"];
  for (const refused of [problem(401), response(401), ...codes.map((code) => problem(403, code))]) {
    expect(refusesAll(refused)).toBe(true);
  }
  for (const other of [problem(403), problem(403, "Auth.Other"), response(403), problem(400, "Auth.MissingScope")]) {
    expect(refusesAll(other)).toBe(false);
  }
});
