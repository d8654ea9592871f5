// A call as a whole: how many attempts it makes, how long it waits, and what its result and its observer are told.
import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type ClientOptions, createKaitenClient, type KaitenError } from "../../src/index.js";
import {
  absent,
  account,
  active,
  answer,
  BASE,
  entry,
  json,
  lost,
  never,
  noAccount,
  page,
  problem,
  REF,
  REVOKED_AT,
  record,
  refused,
  revoke,
  revokedEntry,
  type Step,
  TOKEN,
  unreadable,
} from "./fake-api.js";

const URL_OF_REF = `${BASE}/service-accounts/ci-bot/tokens/deploy-key`;

beforeEach(() => {
  vi.useFakeTimers({ now: new Date("2026-11-23T12:00:00Z") });
});
afterEach(() => {
  vi.useRealTimers();
});

/** What became of a call, after whatever time it takes. */
async function ended(...[steps, setup]: Parameters<typeof revoke>) {
  const began = Date.now();
  const { result, error, ...call } = revoke(steps, setup);
  let took = 0;
  const end = Promise.all([result, error]).finally(() => {
    took = Date.now() - began;
  });
  await vi.runAllTimersAsync();
  const [value, thrown] = await end;
  const waits = call.requests.slice(1).map(({ at }, index) => at - (call.requests[index]?.at ?? 0));
  return { ...call, result: value, error: thrown, took, waits };
}

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

const REVOKED = record(revokedEntry());
const ACTIVE = record(active());
const OTHERS = record(entry("other"), entry("deploy"), entry("deploy-key-2"));

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

describe("the record settles what is open", () => {
  const ENDS: [string, Step[], KaitenError["outcome"]][] = [
    ["a refusal", [problem(422)], "not-revoked"],
    ["a limit", [answer(429)], "not-revoked"],
    ["a gateway's 403", [page(403)], "not-revoked"],
    ["a client that left, to an intermediary", [page(499)], "unknown"],
    ["a lost answer", [lost()], "unknown"],
    ["no answer in time", [never], "unknown"],
    ["an error of the server", [problem(500)], "unknown"],
    ["a redirect", [page(302)], "unknown"],
    ["a lost answer, then a refused connection", [lost(), refused()], "unknown"],
    ["no such token", [absent()], "absent"],
    ["no such token after a lost answer", [lost(), absent()], "absent"],
  ];

  test.each(ENDS)("after %s", async (_, steps, before) => {
    const client = { retries: steps.length - 1 };
    const endsWith = async (read: Step) => {
      const { result, error, reads } = await ended(steps, { client, record: read });
      return [reads.length, result ?? error] as const;
    };
    const attempts = steps.length;
    const revoked = { outcome: "revoked", revokedAt: REVOKED_AT, revokedBy: { id: "user-2" }, attempts };
    expect(await endsWith(REVOKED)).toMatchObject([1, revoked]);
    const listed = before === "not-revoked" ? "not-revoked" : "unknown";
    expect(await endsWith(ACTIVE)).toMatchObject([1, { outcome: listed, attempts }]);
    expect(await endsWith(OTHERS)).toMatchObject([1, { outcome: "absent", attempts }]);
    expect(await endsWith(noAccount())).toMatchObject([1, { outcome: "absent", attempts }]);
    expect(await endsWith(unreadable())).toMatchObject([before === "absent" ? 2 : 1, { outcome: before, attempts }]);
  });

  test.each<[string, Step | Step[], Partial<ClientOptions>]>([
    ["a 204", answer(204), {}],
    ["a 401 problem", problem(401), {}],
    ["a gateway's 401", page(401), {}],
    ["a 403 problem", problem(403), {}],
    ["a lost answer and a 401", [lost(), problem(401)], { retries: 1 }],
    ["a connection that was refused", refused(), {}],
    ["a provider that fails", answer(204), { token: () => Promise.reject(new Error("sealed")) }],
  ])("it is not read after %s", async (_, steps, client) => {
    expect((await ended(steps, { client: { retries: 0, ...client }, record: REVOKED })).reads).toEqual([]);
  });

  test("after absent it is read once more, a moment later, if the first read got no usable answer", async () => {
    const later = await ended(absent(), { record: [page(503), REVOKED] });
    expect(later.result).toMatchObject({ outcome: "revoked", status: 404, attempts: 1 });
    expect(later.readEvents).toMatchObject([
      { number: 1, status: 503, outcome: "absent", delay: expect.any(Number) },
      { number: 2, status: 200, outcome: "revoked" },
    ]);
    expect(later.readEvents[1]).not.toHaveProperty("delay");
    expect((await ended(absent(), { record: [page(503), page(503), REVOKED] })).error).toMatchObject({
      outcome: "absent",
    });
    expect((await ended(lost(), { client: { retries: 0 }, record: [page(503), REVOKED] })).reads).toHaveLength(1);
  });

  test("it is waited for at most five seconds, or as long as an attempt may take", async () => {
    const client = { retries: 0 };
    const { took, error } = await ended(problem(422), { client, record: never });
    expect([took, error?.outcome]).toEqual([5_000, "not-revoked"]);
    expect((await ended(problem(422), { client: { ...client, timeout: 70 }, record: never })).took).toBe(70);
  });

  test("it is asked with the token that the last attempt was sent with", async () => {
    const token = ({ rejected }: { rejected?: string }) => (rejected ? "token-2" : "token-1");
    const { reads } = await ended([problem(401), problem(422)], { client: { token } });
    expect(reads).toHaveLength(1);
    expect(reads[0]?.headers.get("authorization")).toBe("Bearer token-2");
  });

  test("a result is the DELETE's, with who and when; an error too", async () => {
    const step = problem(500, { errorId: "error-1" }, { "Kaiten-TraceId": "trace-1" });
    const { result } = await ended(step, { client: { retries: 0 }, record: REVOKED });
    expect(result).toStrictEqual({
      ...{ ref: REF, outcome: "revoked", attempts: 1, status: 500, traceId: "trace-1", errorId: "error-1" },
      ...{ at: "2026-11-23T12:00:00.000Z", revokedAt: REVOKED_AT, revokedBy: { id: "user-2" } },
    });
    const { error } = await ended(step, { client: { retries: 0 }, record: ACTIVE });
    expect(error).toMatchObject({ status: 500, traceId: "trace-1", request: { method: "DELETE", url: URL_OF_REF } });
    const nobody = await ended(absent(), {
      ...{ client: { traceparent: false }, record: record(entry(REF.tokenSlug, { revokedAt: REVOKED_AT })) },
    });
    expect(nobody.result).toStrictEqual({
      ...{ ref: REF, outcome: "revoked", attempts: 1, status: 404 },
      ...{ at: "2026-11-23T12:00:00.000Z", revokedAt: REVOKED_AT },
    });
  });

  test("a lost answer whose token the record says was revoked has no status", async () => {
    const { result } = await ended(lost(), { client: { retries: 0, traceparent: false }, record: REVOKED });
    expect(result).not.toHaveProperty("status");
    expect(result).toMatchObject({ outcome: "revoked", revokedAt: REVOKED_AT });
  });
});

describe("a record counts only if", () => {
  const usable = account([revokedEntry()]);
  const settled = async (read: Step) => {
    const { result, error } = await ended(lost(), { client: { retries: 0 }, record: read });
    return (result ?? error)?.outcome;
  };
  const redirected = (step: Response) => async () => Object.defineProperty(step, "redirected", { value: true });
  const typed = (type: string) => answer(200, JSON.stringify(usable), { "Content-Type": type });

  test.each<[string, Step]>([
    ["it is what it should be", json(usable)],
    ["with a charset", typed("Application/JSON; charset=utf-8")],
    ["with an Age of 0", json(usable, { Age: "0" })],
    ["with members that nobody knows", json({ ...usable, more: 1 })],
  ])("%s", async (_, read) => {
    expect(await settled(read)).toBe("revoked");
  });

  test.each<[string, Step]>([
    ["the status is 200", answer(203, JSON.stringify(usable), { "Content-Type": "application/json" })],
    ["it was not redirected", redirected(json(usable))],
    ["it is application/json", typed("text/html")],
    ["it is no application/jsonp", typed("application/jsonp")],
    ["it has a media type", answer(200, new Blob([JSON.stringify(usable)]) as never)],
    ["it comes from no cache", json(usable, { Age: "1" })],
    ["it comes from no two caches", json(usable, { Age: "5, 5" })],
    ["its Age can be read", json(usable, { Age: "soon" })],
    ["it is of the account", json({ ...usable, slug: "ci-bot-2" })],
    ["it is of the account, to the letter", json({ ...usable, slug: "CI-Bot" })],
    ["it is an object", json([usable])],
    ["it is JSON", answer(200, "{", { "Content-Type": "application/json" })],
    ["it is not empty", answer(200, "", { "Content-Type": "application/json" })],
    ["its tokens are a list", json({ ...usable, tokens: { 0: revokedEntry(), length: 1 } })],
    ["it has tokens", json({ ...usable, tokens: undefined })],
    ["all its tokens are objects", json({ ...usable, tokens: [null, revokedEntry()] })],
    ["all its tokens have a name", json({ ...usable, tokens: [{ ...active(), slug: 7 }, revokedEntry()] })],
    ["the account is not missing in other words", problem(404, { code: "NOT_FOUND" })],
    ["the account is not missing by a page", page(404)],
    ["the account is not missing by another status", problem(410, { code: "ServiceAccount.NotFound" })],
  ])("%s", async (_, read) => {
    expect(await settled(read)).toBe("unknown");
    // Nor does such a record say that the token is not there.
    const { error } = await ended(problem(422), { record: read });
    expect(error).toMatchObject({ outcome: "not-revoked" });
    expect(error?.message).toContain("The record could not be read: ");
  });

  test.each([
    ...["2026-11-01T10:00:00Z", "2026-11-01T10:00:00.123456789Z", "2026-11-01T10:00:00+02:00", "2026-11-01t10:00:00z"],
    // It is not compared with the local clock.
    ...["2001-01-01T00:00:00Z", "2099-01-01T00:00:00Z"],
  ])("the token's revokedAt is a time: %s", async (revokedAt) => {
    const { result } = await ended(lost(), {
      client: { retries: 0 },
      record: record(entry(REF.tokenSlug, { revokedAt })),
    });
    expect(result).toMatchObject({ outcome: "revoked", revokedAt });
  });

  test.each([
    ...[undefined, null, "", "never", true, 1_764_500_000, {}, "0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z"],
    ...["1970-01-01T09:00:00+09:00", "2026-11-01", "2026-11-01T10:00:00", "Sun, 01 Nov 2026 10:00:00 GMT"],
    ...["2026-13-41T10:00:00Z", " 2026-11-01T10:00:00Z"],
  ])("the token's revokedAt is a time, not %j", async (revokedAt) => {
    const { error } = await ended(problem(422), { record: record(entry(REF.tokenSlug, { revokedAt })) });
    expect(error).toMatchObject({ outcome: "not-revoked" });
    expect(error?.message).toContain("The record listed the token as active");
  });

  test("every entry of its name is revoked", async () => {
    const revokedBefore = entry(REF.tokenSlug, { revokedAt: "2025-01-01T00:00:00Z" });
    expect(await settled(record(revokedEntry(), active()))).toBe("unknown");
    expect(await settled(record(active(), revokedEntry()))).toBe("unknown");
    const { result } = await ended(lost(), { client: { retries: 0 }, record: record(revokedEntry(), revokedBefore) });
    expect(result).toMatchObject({ revokedAt: REVOKED_AT });
  });

  test("revokedBy is a user, or left out", async () => {
    for (const revokedBy of [null, "Ada", 7, ["Ada"]]) {
      const read = record(entry(REF.tokenSlug, { revokedAt: REVOKED_AT, revokedBy }));
      const { result } = await ended(lost(), { client: { retries: 0 }, record: read });
      expect(result).toMatchObject({ outcome: "revoked" });
      expect(result).not.toHaveProperty("revokedBy");
    }
    const more = { id: "user-2", name: "Ada", email: "ada@example.com" };
    const read = record(entry(REF.tokenSlug, { revokedAt: REVOKED_AT, revokedBy: more }));
    const { result } = await ended(lost(), { client: { retries: 0 }, record: read });
    expect(result?.revokedBy).toStrictEqual({ id: "user-2", name: "Ada" });
  });

  test("names are matched before they are redacted", async () => {
    const client = { retries: 0, token: "deploy-key-is-the-beginning" };
    const { result } = await ended(lost(), { client, record: REVOKED });
    expect(result).toMatchObject({ outcome: "revoked", revokedAt: REVOKED_AT });
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
    expect((await ended(repeated(absent()), { record: REVOKED })).result).toMatchObject({ outcome: "revoked" });
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
