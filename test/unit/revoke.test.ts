// A call as a whole: how often it tries, how long it waits, and what it tells an observer. Only time is not real here.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type AttemptEvent, type CallOptions, type ClientOptions, createKaitenClient } from "../../src/index.js";

const REF = { serviceAccountSlug: "ci-bot", tokenSlug: "deploy-key" };
const URL_OF_REF = "https://kaiten.example.com/service-accounts/ci-bot/tokens/deploy-key";

beforeEach(() => {
  vi.useFakeTimers({ now: new Date("2026-11-23T12:00:00Z") });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Answers in turn, the last again and again; `undefined` never comes. */
function revoke(
  answers: (Response | Error | undefined)[],
  options: Partial<ClientOptions> = {},
  call: CallOptions = {},
) {
  const events: AttemptEvent[] = [];
  const at: number[] = [];
  const fetch = async () => {
    at.push(Date.now());
    const answer = answers[Math.min(at.length, answers.length) - 1];
    if (answer instanceof Error) throw answer;
    return answer?.clone() ?? new Promise<never>(() => {});
  };
  const began = Date.now();
  const { tokens } = createKaitenClient({
    baseUrl: "https://kaiten.example.com",
    token: "ksh_0123456789",
    fetch,
    onAttempt: (event) => events.push(event),
    ...options,
  }).serviceAccounts;
  const ended = tokens.revoke(REF, call).then(
    (result) => ({ result, error: undefined, took: Date.now() - began }),
    (error) => ({ result: undefined, error, took: Date.now() - began }),
  );
  const end = async () => {
    await vi.runAllTimersAsync();
    return ended;
  };
  return { events, at, end };
}

const status = (code: number, headers: Record<string, string> = {}) =>
  new Response(code === 204 ? null : "x", { status: code, headers });

describe("by default", () => {
  test("there are two attempts after the first, the second later than the first", async () => {
    const { events, at, end } = revoke([status(503)]);
    const { error } = await end();
    expect(error).toMatchObject({ attempts: 3, outcome: "unknown" });
    const [first = 0, second = 0, third = 0] = at;
    expect(second - first).toBeGreaterThanOrEqual(250);
    expect(second - first).toBeLessThanOrEqual(501);
    expect(third - second).toBeGreaterThanOrEqual(500);
    expect(third - second).toBeLessThanOrEqual(1001);
    expect(events.map((event) => event.delay !== undefined)).toEqual([true, true, false]);
  });

  test("an attempt may take ten seconds", async () => {
    const { end } = revoke([undefined], {}, { retries: 0 });
    const { error, took } = await end();
    expect(error).toMatchObject({ name: "KaitenTimeoutError", timeout: 10_000, outcome: "unknown" });
    expect(took).toBe(10_000);
  });

  test("a Retry-After of a minute is waited for, a longer one is not", async () => {
    expect((await revoke([status(429, { "Retry-After": "60" }), status(204)]).end()).result).toEqual({
      outcome: "revoked",
      attempts: 2,
    });
    expect((await revoke([status(429, { "Retry-After": "61" }), status(204)]).end()).error).toMatchObject({
      attempts: 1,
    });
  });
});

describe("options of a call win over those of the client", () => {
  test.each([
    [{ retries: 4 }, { retries: 1 }, 2],
    [{ retries: 1 }, { retries: 0 }, 1],
    [{ retries: 1 }, {}, 2],
    [{ retries: 1 }, { retries: undefined }, 2],
  ])("%j and %j: %i attempts", async (client, call, attempts) => {
    expect((await revoke([status(503)], client, call).end()).error).toMatchObject({ attempts });
  });

  test("timeout", async () => {
    const { error, took } = await revoke([undefined], { timeout: 5_000, retries: 0 }, { timeout: 70 }).end();
    expect(error).toMatchObject({ timeout: 70 });
    expect(took).toBe(70);
  });
});

describe("Retry-After", () => {
  test.each([
    ["20", 20_000],
    ["Mon, 23 Nov 2026 12:00:20 GMT", 20_000],
  ])("%s is the least that is waited", async (value, ms) => {
    const { at, end, events } = revoke([status(503, { "Retry-After": value }), status(204)]);
    await end();
    expect((at[1] ?? 0) - (at[0] ?? 0)).toBe(ms);
    expect(events[0]?.delay).toBe(ms);
  });

  test.each(["0", "soon", "Sun, 06 Nov 1994 08:49:37 GMT"])("%s leaves the backoff as it is", async (value) => {
    const { at, end } = revoke([status(429, { "Retry-After": value }), status(204)]);
    await end();
    expect((at[1] ?? 0) - (at[0] ?? 0)).toBeGreaterThanOrEqual(250);
    expect((at[1] ?? 0) - (at[0] ?? 0)).toBeLessThanOrEqual(501);
  });

  test("is told by the error, in ms", async () => {
    const answer = new Response("{}", {
      status: 429,
      headers: { "Content-Type": "application/problem+json", "Retry-After": "90" },
    });
    expect((await revoke([answer]).end()).error).toMatchObject({ retryAfter: 90_000 });
  });
});

describe("an observer", () => {
  test("is told of every attempt: number, URL, status or error, outcome, ms, delay and trace", async () => {
    const { events, end } = revoke([
      status(429, { "Kaiten-TraceId": "trace-1", "Retry-After": "2" }),
      new TypeError("fetch failed"),
      status(204),
    ]);
    await end();
    const common = { url: URL_OF_REF, ms: 0 };
    expect(events).toStrictEqual([
      { ...common, number: 1, status: 429, outcome: "not-revoked", delay: 2_000, traceId: "trace-1" },
      { ...common, number: 2, error: "fetch failed", outcome: "unknown", delay: expect.any(Number) },
      { ...common, number: 3, status: 204, outcome: "revoked" },
    ]);
  });

  test("is not told the credential, where the server repeats it", async () => {
    const { events, end } = revoke([status(204, { "Kaiten-TraceId": "of-ksh_0123456789" })]);
    await end();
    expect(events).toMatchObject([{ traceId: "of-[credential]" }]);
  });

  test("is told how long an attempt took", async () => {
    const { events, end } = revoke([undefined], { timeout: 70, retries: 0 });
    await end();
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
    expect((await revoke([status(503), status(204)], { onAttempt }).end()).result).toEqual({
      outcome: "revoked",
      attempts: 2,
    });
  });
});

test("the platform's fetch is looked up at the call, so that what wraps it later is used", async () => {
  const { tokens } = createKaitenClient({
    baseUrl: "https://kaiten.example.com",
    token: "ksh_0123456789",
  }).serviceAccounts;
  const wrapped = vi.spyOn(globalThis, "fetch").mockResolvedValue(status(204));
  await expect(tokens.revoke(REF)).resolves.toEqual({ outcome: "revoked", attempts: 1 });
  expect(wrapped).toHaveBeenCalledOnce();
  wrapped.mockRestore();
});

test.each([
  [204, false],
  [205, true],
  [404, false],
  [503, false],
])("after a %i the signal that fetch was given is aborted: %s", async (code, aborted) => {
  const given: RequestInit[] = [];
  const fetch = async (_: string, init: RequestInit) => {
    given.push(init);
    return new Response(null, { status: code });
  };
  await revoke([], { fetch, retries: 0 }).end();
  expect(given.map(({ signal }) => signal?.aborted)).toEqual([aborted]);
});
