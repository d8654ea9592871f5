// A call as a whole: how many attempts it makes, how long it waits, and what its result and its observer are told.
import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createKaitenClient } from "../../src/index.js";
import {
  absent,
  answer,
  BASE,
  ended,
  lost,
  never,
  page,
  problem,
  REF,
  record,
  refused,
  revokedEntry,
  TOKEN,
} from "./fake-api.js";

const URL_OF_REF = `${BASE}/service-accounts/ci-bot/tokens/deploy-key`;

beforeEach(() => {
  vi.useFakeTimers({ now: new Date("2026-11-23T12:00:00Z") });
});
afterEach(() => {
  vi.useRealTimers();
});

describe("by default", () => {
  test("there are two attempts after the first, each later than the one before", async () => {
    const { error, waits, events } = await ended(answer(503));
    expect(error).toMatchObject({ attempts: 3, outcome: "unknown" });
    const [first = 0, second = 0] = waits;
    expect(first).toBeGreaterThanOrEqual(250);
    expect(first).toBeLessThanOrEqual(501);
    expect(second).toBeGreaterThanOrEqual(500);
    expect(second).toBeLessThanOrEqual(1001);
    expect(events.map((event) => event.delay !== undefined)).toEqual([true, true, false]);
  });

  test("an attempt may take twenty seconds", async () => {
    const { error, took } = await ended(never, { call: { retries: 0 } });
    expect(error).toMatchObject({ name: "KaitenTimeoutError", timeout: 20_000, outcome: "unknown" });
    expect(took).toBe(20_000);
  });

  test("a Retry-After of a minute is waited for, a longer one is not", async () => {
    const minute = await ended([answer(429, "", { "Retry-After": "60" }), answer(204)]);
    expect(minute.result).toMatchObject({ outcome: "revoked", attempts: 2 });
    expect(minute.took).toBe(60_000);
    const longer = await ended([answer(429, "", { "Retry-After": "61" }), answer(204)]);
    expect(longer.error).toMatchObject({ attempts: 1 });
    expect(longer.took).toBe(0);
  });
});

describe("options of a call take precedence over those of the client", () => {
  test.each([
    [{ retries: 4 }, { retries: 1 }, 2],
    [{ retries: 1 }, { retries: 0 }, 1],
    [{ retries: 1 }, {}, 2],
    [{ retries: 1 }, { retries: undefined }, 2],
  ])("%j and %j: %i attempts", async (client, call, attempts) => {
    expect((await ended(answer(503), { client, call })).error).toMatchObject({ attempts });
  });

  test("timeout", async () => {
    const { error, took } = await ended(never, { client: { timeout: 5_000, retries: 0 }, call: { timeout: 70 } });
    expect(error).toMatchObject({ timeout: 70 });
    expect(took).toBe(70);
  });
});

describe("retries limit the attempts", () => {
  const asked = { "Retry-After": "1" };
  test.each([
    ["answers 429", answer(429)],
    ["answers 429 and says when to come back", answer(429, "", asked)],
    ["answers 503 and says when to come back", answer(503, "", asked)],
    ["answers 408 and says when to come back", answer(408, "", asked)],
    ["is a gateway whose own service is down", page(403, asked)],
    ["answers 429 with a problem", problem(429, {}, asked)],
    ["closes the connection", lost()],
    ["refuses the connection", refused()],
  ])("of a server that %s", async (_, step) => {
    for (const retries of [0, 1, 4]) {
      const { requests, error } = await ended(step, { client: { retries } });
      expect(requests).toHaveLength(retries + 1);
      expect(error).toMatchObject({ attempts: retries + 1 });
    }
  });
});

describe("Retry-After", () => {
  test.each([
    ["20", 20_000],
    ["Mon, 23 Nov 2026 12:00:20 GMT", 20_000],
  ])("%s is the least that is waited", async (value, ms) => {
    const { waits, events } = await ended([answer(503, "", { "Retry-After": value }), answer(204)]);
    expect(waits).toEqual([ms]);
    expect(events[0]?.delay).toBe(ms);
  });

  test("is no more than the least: a longer backoff is waited", async () => {
    const { waits } = await ended(answer(503, "", { "Retry-After": "1" }), { client: { retries: 5 } });
    expect(waits).toHaveLength(5);
    for (const wait of waits) expect(wait).toBeGreaterThanOrEqual(1_000);
    expect(waits[4]).toBeGreaterThanOrEqual(4_000);
  });

  test("that is a date is measured against the server's clock", async () => {
    const headers = { "Retry-After": "Mon, 23 Nov 2026 10:00:20 GMT", Date: "Mon, 23 Nov 2026 10:00:00 GMT" };
    expect((await ended([answer(503, "", headers), answer(204)])).waits).toEqual([20_000]);
  });

  test.each(["0", "soon", "Sun, 06 Nov 1994 08:49:37 GMT", "9".repeat(400)])(
    "%s leaves the backoff as it is",
    async (value) => {
      const { waits, error } = await ended(answer(429, "", { "Retry-After": value }), { client: { retries: 1 } });
      expect(waits[0]).toBeGreaterThanOrEqual(250);
      expect(waits[0]).toBeLessThanOrEqual(501);
      expect(error).toMatchObject({ attempts: 2 });
      expect((error as unknown as { retryAfter: unknown }).retryAfter).not.toBe(Number.POSITIVE_INFINITY);
    },
  );

  test.each([
    ["KaitenProblemError", problem(429, {}, { "Retry-After": "90" })],
    ["KaitenResponseError", answer(429, "local_rate_limit", { "Retry-After": "90" })],
  ])("is a member of %s, in ms", async (name, step) => {
    expect((await ended(step)).error).toMatchObject({ name, retryAfter: 90_000 });
  });
});

describe("absent", () => {
  test("rejects, whatever came before: only a record can say that the token was revoked", async () => {
    for (const steps of [[absent()], [refused(), answer(429), absent()], [lost(), absent()]]) {
      const { error } = await ended(steps);
      expect(error).toMatchObject({ name: "KaitenProblemError", outcome: "absent", attempts: steps.length });
    }
  });

  test.each([
    ["a problem without a code", problem(404)],
    ["a problem with another code", problem(404, { code: "NOT_FOUND" })],
    ["a page", page(404)],
  ])("is not said by a 404 that is %s", async (_, step) => {
    expect((await ended(step)).error).toMatchObject({ outcome: "not-revoked" });
  });
});

describe("a result", () => {
  test("has the reference, the outcome, the attempts, the time, the status and the ids", async () => {
    const step = answer(204, null, { "Kaiten-TraceId": "trace-1" });
    expect((await ended(step)).result).toStrictEqual({
      ...{ ref: REF, outcome: "revoked", attempts: 1, status: 204 },
      ...{ at: "2026-11-23T12:00:00.000Z", traceId: "trace-1" },
    });
  });

  test("does not wait for a body that a 204 must not have: it is cancelled", async () => {
    const cancel = vi.fn();
    const body = new ReadableStream<Uint8Array>({ cancel });
    const step = async () => ({ status: 204, ok: true, headers: new Headers(), body, text: () => never() });
    expect((await ended(step)).result).toMatchObject({ outcome: "revoked" });
    expect(cancel).toHaveBeenCalledOnce();
  });

  test("has no ids where there are none", async () => {
    expect((await ended(answer(204), { client: { traceparent: false } })).result).toStrictEqual({
      ...{ ref: REF, outcome: "revoked", attempts: 1, status: 204, at: "2026-11-23T12:00:00.000Z" },
    });
  });
});

describe("an observer", () => {
  test("is told every attempt: what, when, where, with which answer or error, and what is known after it", async () => {
    const { events } = await ended(
      [
        answer(429, "", { "Kaiten-TraceId": "trace-1", "Retry-After": "2" }),
        problem(503, { errorId: "error-1" }, { "Retry-After": "3" }),
        lost(),
        answer(204, null, { "Kaiten-TraceId": "trace-2" }),
      ],
      { client: { traceparent: false, retries: 3 } },
    );
    const common = { ref: REF, method: "DELETE", url: URL_OF_REF, ms: 0, at: expect.any(String) };
    expect(events).toStrictEqual([
      {
        ...{ ...common, number: 1, status: 429, outcome: "not-revoked", delay: 2_000, traceId: "trace-1" },
        at: "2026-11-23T12:00:00.000Z",
      },
      {
        ...{ ...common, number: 2, status: 503, outcome: "unknown", delay: 3_000, errorId: "error-1" },
        at: "2026-11-23T12:00:02.000Z",
      },
      {
        ...{ ...common, number: 3, error: "The connection failed: fetch failed", outcome: "unknown" },
        ...{ delay: expect.any(Number), at: "2026-11-23T12:00:05.000Z" },
      },
      { ...common, number: 4, status: 204, outcome: "revoked", traceId: "trace-2" },
    ]);
  });

  test("is told a read of the record as an event of its own, with what is known after it", async () => {
    const { events, readEvents } = await ended(problem(422), {
      ...{ client: { traceparent: false }, record: answer(503, "", { "Kaiten-TraceId": "trace-2" }) },
    });
    expect(events).toMatchObject([{ method: "DELETE", number: 1, status: 422, outcome: "not-revoked" }]);
    expect(readEvents).toStrictEqual([
      {
        ...{ ref: REF, method: "GET", url: `${BASE}/service-accounts/ci-bot`, number: 1, ms: 0 },
        ...{ status: 503, outcome: "not-revoked", at: "2026-11-23T12:00:00.000Z", traceId: "trace-2" },
      },
    ]);
  });

  test("is not told the credential, where the server repeats it", async () => {
    const { events, result } = await ended(answer(204, null, { "Kaiten-TraceId": `of-${TOKEN}` }));
    expect(events).toMatchObject([{ traceId: "[credential]" }]);
    expect(result).toMatchObject({ traceId: "[credential]" });
  });

  test("is told how long an attempt took", async () => {
    const { events } = await ended(never, { client: { timeout: 70, retries: 0 } });
    expect(events).toMatchObject([{ ms: 70 }]);
  });

  test.each([
    [
      "throws",
      () => {
        throw new Error("observer");
      },
    ],
    ["rejects", () => Promise.reject(new Error("observer"))],
  ])("that %s changes nothing", async (_, onAttempt) => {
    const { result } = await ended([answer(503), answer(204)], { client: { onAttempt } });
    expect(result).toMatchObject({ outcome: "revoked", attempts: 2 });
  });
});

test("the platform's fetch is looked up at the call, so that what wraps it later is used", async () => {
  const { tokens } = createKaitenClient({ baseUrl: BASE, token: TOKEN }).serviceAccounts;
  const wrapped = vi.spyOn(globalThis, "fetch").mockResolvedValue(answer(204));
  await expect(tokens.revoke(REF)).resolves.toMatchObject({ outcome: "revoked", attempts: 1 });
  expect(wrapped).toHaveBeenCalledOnce();
  wrapped.mockRestore();
});

test("a request is a DELETE that follows no redirect and has no body", async () => {
  const { requests } = await ended(answer(204));
  expect(requests).toMatchObject([{ url: URL_OF_REF, init: { method: "DELETE", redirect: "manual" } }]);
  expect(requests[0]?.init).not.toHaveProperty("body");
});

test.each<[number, Record<string, string>, boolean]>([
  [204, {}, false],
  [204, { "Content-Length": "5" }, true],
  [204, { "Transfer-Encoding": "chunked" }, true],
  [205, {}, true],
  [404, {}, false],
  [503, {}, false],
])("after a %i with %j the request is cancelled, so that its socket is freed: %s", async (status, headers, aborted) => {
  const { requests } = await ended(answer(status, null, headers), { client: { retries: 0 } });
  expect(requests.map(({ init }) => init.signal?.aborted)).toEqual([aborted]);
});

describe("an answer of another fetch library", () => {
  const body = '{"code":"Token.NotFound"}';
  const headers = new Headers({ "Content-Type": "application/problem+json" });
  const fetchOf = (status: number, stream: object | undefined) => async () => ({
    ...{ status, ok: status < 300, headers, text: async () => body },
    ...(stream && { body: stream }),
  });

  test.each([
    ["no body", undefined],
    ["a body that is no web stream, as node-fetch has it", Readable.from([body])],
  ])("with %s is read by its text()", async (_, stream) => {
    const { error } = await ended([], { client: { fetch: fetchOf(404, stream), retries: 0 } });
    expect(error).toMatchObject({ name: "KaitenProblemError", outcome: "absent", code: "Token.NotFound" });
    const other = await ended([], { client: { fetch: fetchOf(200, stream), retries: 0 } });
    expect(other.error).toMatchObject({ name: "KaitenResponseError", excerpt: body });
  });

  test("says whether the request may have been sent twice: then a refusal proves nothing", async () => {
    const repeated = (step: Response) => async () => Object.assign(step, { repeated: true });
    for (const step of [problem(422), answer(429), page(403), problem(401)]) {
      const { error } = await ended(repeated(step), { client: { retries: 0 } });
      expect(error).toMatchObject({ outcome: "unknown", attempts: 1 });
    }
    expect((await ended(repeated(answer(204)))).result).toMatchObject({ outcome: "revoked" });
    expect((await ended(repeated(absent()))).error).toMatchObject({ outcome: "absent" });
    // Of a token that this very request revoked, the record says so.
    expect((await ended(repeated(absent()), { record: record(revokedEntry()) })).result).toMatchObject({
      outcome: "revoked",
    });
  });
});

test.each<[string, object]>([
  ["headers that are no Headers", { status: 404, ok: false, headers: { get: () => null }, text: async () => "" }],
  ["no headers", { status: 200, ok: true, text: async () => "" }],
  ["a body that cannot be read", { status: 403, ok: false, headers: new Headers(), text: () => Promise.reject("no") }],
  ["nothing", {}],
])("an answer with %s proves nothing", async (_, broken) => {
  const { error } = await ended(async () => broken as never, { client: { retries: 0 } });
  expect(error).toMatchObject({ name: "KaitenConnectionError", outcome: "unknown", attempts: 1 });
});

test("an answer to a redirected request proves nothing, whatever it says", async () => {
  const redirected = (step: Response) => async () => Object.defineProperty(step, "redirected", { value: true });
  for (const step of [answer(204), absent(), problem(403)]) {
    const { error } = await ended(redirected(step));
    expect(error).toMatchObject({ name: "KaitenResponseError", outcome: "unknown", attempts: 1 });
  }
});
