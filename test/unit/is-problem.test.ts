// Narrowing what was caught: by its class, then by its status.
import { expect, test } from "vitest";
import { isProblem, KaitenError, KaitenProblemError } from "../../src/index.js";

const failure = { outcome: "not-revoked", attempts: 1, request: { method: "DELETE", url: "" } } as const;
const forbidden = new KaitenProblemError(
  "",
  { status: 403, problem: { type: "about:blank" }, headers: new Headers(), retryAfter: undefined },
  failure,
);

test("a problem is one, of its status and of no other", () => {
  expect(isProblem(forbidden)).toBe(true);
  expect(isProblem(forbidden, 403)).toBe(true);
  expect(isProblem(forbidden, 404)).toBe(false);
});

test.each([
  ["another error of a call", new KaitenError("", failure)],
  ["an object that looks like one", { ...forbidden }],
  ["another error", new Error("403")],
  ["nothing", undefined],
  ["null", null],
])("%s is none", (_, caught) => {
  expect(isProblem(caught)).toBe(false);
  expect(isProblem(caught, 403)).toBe(false);
});
