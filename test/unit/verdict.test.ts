// What each answer proves, row by row, and what an unknown attempt does to the ones after it.
import { describe, expect, test } from "vitest";
import { type Evidence, type Outcome, verdict } from "../../src/call/verdict.js";

const answer = (status: number, facts: object = {}): Evidence => ({
  status,
  redirected: false,
  problem: false,
  ...facts,
});
const problem = (status: number, code?: unknown): Evidence => answer(status, { problem: true, code });

describe("the first attempt", () => {
  test.each<[string, Evidence, Outcome, boolean]>([
    ["204", answer(204), "revoked", false],
    ["204 to a request that is not ours", answer(204, { redirected: true }), "unknown", false],
    ["403 to a request that is not ours", { ...problem(403), redirected: true } as Evidence, "unknown", false],
    ["200", answer(200), "unknown", false],
    ["201", answer(201), "unknown", false],
    ["205", answer(205), "unknown", false],
    ["301", answer(301), "unknown", false],
    ["399", answer(399), "unknown", false],
    ["a redirect that a browser hides", answer(0), "unknown", false],
    ["404 Token.NotFound", problem(404, "Token.NotFound"), "absent", false],
    ["404 problem without a code", problem(404), "absent", false],
    ["404 problem, code null", problem(404, null), "absent", false],
    ["404 problem of about:blank", answer(404, { problem: true, type: "about:blank" }), "absent", false],
    ["404 problem of its own type", answer(404, { problem: true, type: "/errors#NO_ROUTE" }), "not-revoked", false],
    [
      "404 Token.NotFound of its own type",
      { ...problem(404, "Token.NotFound"), type: "/x" } as Evidence,
      "absent",
      false,
    ],
    ["404 NOT_FOUND", problem(404, "NOT_FOUND"), "not-revoked", false],
    ["404 problem, code of another type", problem(404, 0), "not-revoked", false],
    ["404 that is no problem", answer(404), "not-revoked", false],
    ["404 that is no problem and names the code", answer(404, { code: "Token.NotFound" }), "not-revoked", false],
    ["410 Token.NotFound", problem(410, "Token.NotFound"), "not-revoked", false],
    ["429", answer(429), "not-revoked", true],
    ["429 problem", problem(429), "not-revoked", true],
    ["408", answer(408), "unknown", true],
    ["400", problem(400), "not-revoked", false],
    ["401", answer(401), "not-revoked", false],
    ["422", problem(422), "not-revoked", false],
    ["499", answer(499), "not-revoked", false],
    ["500", problem(500), "unknown", true],
    ["501", answer(501), "unknown", false],
    ["502", answer(502), "unknown", true],
    ["503", answer(503), "unknown", true],
    ["504", answer(504), "unknown", true],
    ["505", answer(505), "unknown", false],
    ["600", answer(600), "unknown", false],
    ["nothing sent", { failure: "unsent" }, "not-revoked", true],
    ["no answer", { failure: "lost" }, "unknown", true],
    ["no credential", { failure: "no-credential" }, "not-revoked", false],
  ])("%s", (_, evidence, outcome, retry) => {
    expect(verdict(evidence, [])).toEqual({ outcome, retry, stained: false });
  });
});

describe("after attempts that revoked nothing", () => {
  test("nothing changes", () => {
    expect(verdict(problem(403), ["not-revoked", "not-revoked"])).toEqual({
      outcome: "not-revoked",
      retry: false,
      stained: false,
    });
    expect(verdict(problem(404), ["not-revoked"])).toEqual({ outcome: "absent", retry: false, stained: false });
  });
});

describe("after an attempt that may have revoked the token", () => {
  test.each<[string, Evidence, Outcome, boolean]>([
    ["204 is still revoked", answer(204), "revoked", false],
    ["absent is what was asked for", problem(404), "absent", false],
    ["a refusal proves nothing any more", problem(401), "unknown", false],
    ["a limit is still retried, and proves nothing any more", answer(429), "unknown", true],
    ["nor does a connection that was refused", { failure: "unsent" }, "unknown", true],
    ["nor does a credential that is gone", { failure: "no-credential" }, "unknown", false],
    ["nor does a lost answer", { failure: "lost" }, "unknown", true],
  ])("%s", (_, evidence, outcome, retry) => {
    expect(verdict(evidence, ["unknown"])).toEqual({ outcome, retry, stained: true });
    expect(verdict(evidence, ["not-revoked", "unknown", "not-revoked"])).toEqual({ outcome, retry, stained: true });
  });
});

test("no status but 204 is ever revoked, and none but 4xx is not-revoked or absent", () => {
  for (let status = 0; status < 1000; status++) {
    for (const evidence of [answer(status), problem(status), problem(status, "Token.NotFound")]) {
      const { outcome } = verdict(evidence, []);
      expect(outcome === "revoked", `${status}`).toBe(status === 204);
      if (outcome === "absent") expect(status).toBe(404);
      if (outcome === "not-revoked") expect(Math.floor(status / 100)).toBe(4);
    }
  }
});
