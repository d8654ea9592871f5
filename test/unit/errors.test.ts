// The errors as data: their names, their members, how they are narrowed, and what a log gets of them.
import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import * as library from "../../src/index.js";
import { isProblem, KaitenError, KaitenNotAttemptedError, KaitenProblemError } from "../../src/index.js";
import {
  answer,
  BASE,
  lost,
  never,
  page,
  problem,
  REF,
  refused,
  revoke,
  type Setup,
  type Step,
  TOKEN,
} from "./fake-api.js";

const AT = "2026-11-23T12:00:00.000Z";
const REQUEST = { method: "DELETE", url: `${BASE}/service-accounts/ci-bot/tokens/deploy-key` };
const failure = { outcome: "not-revoked", attempts: 1, ref: REF, request: REQUEST, at: AT } as const;
const forbidden = new KaitenProblemError(
  "",
  { status: 403, problem: { type: "about:blank", status: 403 }, headers: new Headers(), retryAfter: undefined },
  failure,
);

beforeEach(() => {
  vi.useFakeTimers({ now: new Date(AT) });
});
afterEach(() => {
  vi.useRealTimers();
});

async function errorOf(step: Step, { client = {}, ...setup }: Setup = {}) {
  const { error } = revoke(step, { client: { retries: 0, ...client }, ...setup });
  await vi.runAllTimersAsync();
  return error;
}

describe("isProblem", () => {
  test("is true for a problem, of its status and of no other", () => {
    expect(isProblem(forbidden)).toBe(true);
    expect(isProblem(forbidden, 403)).toBe(true);
    expect(isProblem(forbidden, 404)).toBe(false);
  });

  test("accepts a status that the contract does not have", async () => {
    const limited = await errorOf(problem(429));
    expect(isProblem(limited, 429)).toBe(true);
    expect(isProblem(limited, 403)).toBe(false);
  });

  test.each([
    ["another error of a call", new KaitenError("", failure)],
    ["an object that looks like one", { ...forbidden }],
    ["another error", new Error("403")],
    ["undefined", undefined],
    ["null", null],
  ])("is false for %s", (_, caught) => {
    expect(isProblem(caught)).toBe(false);
    expect(isProblem(caught, 403)).toBe(false);
  });
});

test("every error has the name of its class, also on the prototype, and is a KaitenError", () => {
  const classes = Object.entries(library).filter(([name]) => name.startsWith("Kaiten"));
  expect(classes).toHaveLength(7);
  for (const [name, value] of classes) {
    const { prototype } = value as typeof KaitenError;
    expect(prototype.name).toBe(name);
    expect(prototype === KaitenError.prototype || prototype instanceof KaitenError).toBe(true);
  }
  // A member of its own would be printed once more.
  expect(Object.keys(forbidden)).not.toContain("name");
  expect(inspect(forbidden)).toMatch(/^KaitenProblemError: /);
});

describe("the message", () => {
  test("is the summary, the request, the attempts and the ids that support needs", async () => {
    const step = problem(500, { title: "Oh", errorId: "error-1" }, { "Kaiten-TraceId": "trace-1" });
    const error = await errorOf(step);
    expect(error.summary).toMatch(/^The API answered 500 Oh\. The token may be revoked or not/);
    expect(error.message).toBe(
      `${error.summary} (DELETE ${REQUEST.url}, 1 attempt, error id error-1, trace id trace-1)`,
    );
  });

  test("is one line, whatever ids a server sends", async () => {
    const { message } = await errorOf(
      problem(500, { errorId: "1)\n\u2028E \u001b[2J" }, { "Kaiten-TraceId": "a\x9bb" }),
    );
    expect(message).toContain("error id 1) E  [2J, trace id a b)");
  });

  test("ends with the trace id that was sent, where no answer came or it has none", async () => {
    for (const step of [lost(), page(502)]) {
      const error = await errorOf(step);
      expect(error.traceId).toMatch(/^[\da-f]{32}$/);
      expect(error.message).toBe(`${error.summary} (DELETE ${REQUEST.url}, 1 attempt, trace id ${error.traceId})`);
    }
  });

  test("has no request where no attempt was made", async () => {
    const error = await errorOf(answer(204), { call: { signal: AbortSignal.abort() } });
    expect(error.message).toBe(`${error.summary} (0 attempts)`);
    expect(error).not.toHaveProperty("request");
  });
});

describe("the members", () => {
  const json = async (...args: Parameters<typeof errorOf>) => {
    const error = await errorOf(...args);
    const { message, summary } = error;
    return { error, common: { message, summary, attempts: 1, ref: REF, request: REQUEST, at: AT } };
  };
  const quiet = { client: { traceparent: false } };

  test("of a problem are all in its JSON", async () => {
    const members = { type: "/x", title: "No", detail: "No.", code: "A.B", errorId: "error-1", balance: 30 };
    const headers = { "Retry-After": "90", "Kaiten-TraceId": "trace-1" };
    const { error, common } = await json(problem(422, members, headers));
    expect(error.toJSON()).toStrictEqual({
      ...common,
      ...{ name: "KaitenProblemError", outcome: "not-revoked", traceId: "trace-1" },
      ...{ status: 422, problem: { ...members, status: 422 }, code: "A.B", errorId: "error-1", retryAfter: 90_000 },
      headers: { "content-type": "application/problem+json", "kaiten-traceid": "trace-1", "retry-after": "90" },
    });
  });

  test("of another answer are all in its JSON", async () => {
    const { error, common } = await json(page(503, { "Retry-After": "90" }), quiet);
    expect(error.toJSON()).toStrictEqual({
      ...common,
      ...{
        name: "KaitenResponseError",
        outcome: "unknown",
        status: 503,
        excerpt: "<h1>Hello</h1>",
        retryAfter: 90_000,
      },
      headers: { "content-type": "text/html", "retry-after": "90" },
    });
  });

  test("of a lost connection are all in its JSON, its cause with name, message and code", async () => {
    const { error, common } = await json(refused(), quiet);
    expect(error.toJSON()).toStrictEqual({
      ...{ ...common, name: "KaitenConnectionError", outcome: "not-revoked" },
      cause: { name: "Error", message: "connect", code: "ECONNREFUSED" },
    });
  });

  test("of a timeout are all in its JSON", async () => {
    const { error, common } = await json(never, { client: { ...quiet.client, timeout: 20 } });
    expect(error.toJSON()).toStrictEqual({
      ...{ ...common, name: "KaitenTimeoutError", outcome: "unknown", timeout: 20 },
      at: "2026-11-23T12:00:00.020Z",
    });
  });

  test.each([
    ["a value", "enough", "enough"],
    ["an error", new Error("enough"), { name: "Error", message: "enough" }],
  ])("of an abort are all in its JSON, its reason too: %s", async (_, reason, cause) => {
    const { error, common } = await json(answer(204), { call: { signal: AbortSignal.abort(reason) } });
    const { request: __, ...members } = common;
    expect(error.toJSON()).toStrictEqual({
      ...{ ...members, name: "KaitenAbortError", outcome: "not-revoked", attempts: 0, cause },
    });
  });

  test("of a token whose turn never came are all in its JSON", () => {
    const error = new KaitenNotAttemptedError("Stopped.", { ...failure, attempts: 0, request: undefined });
    expect(error.toJSON()).toStrictEqual({
      ...{ name: "KaitenNotAttemptedError", message: "Stopped. (0 attempts)", summary: "Stopped." },
      ...{ outcome: "not-revoked", attempts: 0, ref: REF, at: AT },
    });
  });

  test("are what JSON.stringify writes, without the credential", async () => {
    const { error } = await json(problem(400, { detail: `of ${TOKEN}` }));
    expect(JSON.parse(JSON.stringify(error))).toMatchObject({ name: "KaitenProblemError", ref: REF, status: 400 });
    expect(JSON.stringify(error) + inspect(error, { depth: null, showHidden: true })).not.toContain(TOKEN);
  });
});
