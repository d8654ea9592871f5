// The caller aborts: the call ends at once, and its outcome is what is known at that moment.
import { getEventListeners } from "node:events";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { AttemptEvent, FetchResponse, KaitenError, TokenRequest } from "../../src/index.js";
import {
  absent,
  active,
  answer,
  BASE,
  lost,
  never,
  page,
  problem,
  REF,
  record,
  refused,
  revoke,
  revokedEntry,
  type Step,
  TOKEN,
} from "./fake-api.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const REQUEST = { method: "DELETE", url: `${BASE}/service-accounts/ci-bot/tokens/deploy-key` };
const REASON = { why: "a value of the caller" };

interface Moment {
  steps?: Step[];
  token?: (request: { rejected?: string }) => string | Promise<string>;
  record?: Step;
}

/** Runs a call until it waits for something, and aborts it. */
async function abortWhileWaiting({ steps = [never], token, ...more }: Moment) {
  const controller = new AbortController();
  const { signal } = controller;
  const call = revoke(steps, { client: token ? { token } : {}, call: { signal }, ...more });
  await vi.advanceTimersByTimeAsync(0);
  controller.abort(REASON);
  // Without the passing of time: an abort is not waited for.
  const error = (await call.error) as KaitenError;
  expect(getEventListeners(signal, "abort")).toEqual([]);
  expect(vi.getTimerCount()).toBe(0);
  return { ...call, error };
}

/** An answer whose headers have arrived, and whose body does not end. */
const withoutEnd = (status: number, headers: Record<string, string>) => async () =>
  new Response(new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode("{")) }), {
    status,
    headers,
  });
const PROBLEM = { "Content-Type": "application/problem+json" };

const providerAfter = (tokens: string[]) => () => tokens.shift() ?? never();

describe("an abort", () => {
  test.each<[string, Moment, KaitenError["outcome"], number]>([
    ["while the token is awaited: nothing was sent", { token: never }, "not-revoked", 1],
    ["while a request is in flight: it may be carried out", {}, "unknown", 1],
    ["while the body of a refusal arrives", { steps: [withoutEnd(403, PROBLEM)] }, "unknown", 1],
    ["while the body of a page arrives", { steps: [withoutEnd(200, {})] }, "unknown", 1],
    ["in the wait after a limit", { steps: [answer(429)] }, "not-revoked", 1],
    ["in the wait after a refused connection", { steps: [refused()] }, "not-revoked", 1],
    ["in the wait after an error of the server", { steps: [answer(503)] }, "unknown", 1],
    ["in the wait after a lost answer", { steps: [lost()] }, "unknown", 1],
    [
      "while a refused token is replaced",
      { steps: [problem(401)], token: ({ rejected }) => (rejected ? never() : TOKEN) },
      "not-revoked",
      1,
    ],
    [
      "while the second request is in flight",
      { steps: [page(401), never], token: ({ rejected }) => (rejected ? "second-token" : TOKEN) },
      "unknown",
      2,
    ],
  ])("%s", async (_, moment, outcome, attempts) => {
    const { error, requests, events, reads } = await abortWhileWaiting(moment);
    expect(reads).toEqual([]);
    expect(error).toMatchObject({ name: "KaitenAbortError", outcome, attempts, ref: REF, request: REQUEST });
    expect(error.cause).toBe(REASON);
    expect(events).toHaveLength(attempts);
    expect(requests.length).toBeLessThanOrEqual(attempts);
    expect(error.summary).toMatch(
      outcome === "unknown"
        ? /^The call was aborted\. The token may be revoked or not: treat it as active\./
        : /^The call was aborted\. The request was not carried out\./,
    );
  });

  test("is what an observer is told of the attempt that it cut short", async () => {
    const { events } = await abortWhileWaiting({});
    expect(events).toMatchObject([{ error: "The call was aborted", outcome: "unknown" }]);
  });

  test("while the token for a second attempt is awaited: the first attempt decides", async () => {
    for (const [step, outcome] of [
      [answer(429), "not-revoked"],
      [lost(), "unknown"],
    ] as const) {
      const controller = new AbortController();
      const { error } = revoke(step, {
        client: { token: providerAfter([TOKEN]) },
        call: { signal: controller.signal },
      });
      await vi.advanceTimersByTimeAsync(1_000);
      controller.abort(REASON);
      expect(await error).toMatchObject({ name: "KaitenAbortError", outcome, attempts: 2, cause: REASON });
    }
  });

  test("tells the provider that nobody waits any more, and sends no token that is returned too late", async () => {
    const controller = new AbortController();
    let give = (_: string) => {};
    let told: AbortSignal | undefined;
    const token = ({ signal }: TokenRequest) => {
      told = signal;
      return new Promise<string>((resolve) => (give = resolve));
    };
    const { error, requests } = revoke(answer(204), { client: { token }, call: { signal: controller.signal } });
    await vi.advanceTimersByTimeAsync(0);
    controller.abort(REASON);
    expect(await error).toMatchObject({ name: "KaitenAbortError", outcome: "not-revoked" });
    expect(told?.aborted).toBe(true);
    give(TOKEN);
    await vi.advanceTimersByTimeAsync(0);
    expect(requests).toEqual([]);
  });

  test("may have null as its reason, also while a refused token is replaced", async () => {
    const controller = new AbortController();
    const token = ({ rejected }: { rejected?: string }) => (rejected ? never() : TOKEN);
    const { error } = revoke(problem(401), { client: { token }, call: { signal: controller.signal } });
    await vi.advanceTimersByTimeAsync(0);
    controller.abort(null);
    expect(await error).toMatchObject({ name: "KaitenAbortError", outcome: "not-revoked", cause: null });
  });

  test("before the call asks for no token, and sends nothing", async () => {
    const token = vi.fn(() => TOKEN);
    const { error, requests, events } = revoke(answer(204), {
      client: { token },
      call: { signal: AbortSignal.abort(REASON) },
    });
    expect(await error).toMatchObject({ name: "KaitenAbortError", outcome: "not-revoked", attempts: 0, ref: REF });
    expect((await error).cause).toBe(REASON);
    expect([token.mock.calls, requests, events]).toEqual([[], [], []]);
  });

  test("without a reason has the platform's as its cause", async () => {
    const signal = AbortSignal.abort();
    const { error } = revoke(answer(204), { call: { signal } });
    expect((await error).cause).toBe(signal.reason);
    expect((await error).cause).toMatchObject({ name: "AbortError" });
  });

  test("by a time limit of the caller has a TimeoutError as its cause", async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(new DOMException("too late", "TimeoutError")), 50);
    const { error } = revoke(never, { call: { signal: controller.signal } });
    await vi.advanceTimersByTimeAsync(50);
    expect(await error).toMatchObject({ name: "KaitenAbortError", cause: { name: "TimeoutError" } });
  });

  test("after the call has ended changes nothing", async () => {
    const controller = new AbortController();
    const { result } = revoke(answer(204), { call: { signal: controller.signal } });
    expect(await result).toMatchObject({ outcome: "revoked" });
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
    controller.abort(REASON);
    expect(await result).toMatchObject({ outcome: "revoked" });
  });
});

describe("an abort while the record is read keeps the outcome", () => {
  test.each<[string, Step, Step, KaitenError["outcome"]]>([
    ["a refusal", problem(422), never, "not-revoked"],
    ["an answer that proves nothing", page(200), never, "unknown"],
    ["no such token", absent(), never, "absent"],
    ["no such token, in the wait for the second read", absent(), page(503), "absent"],
  ])("of %s", async (_, step, record, outcome) => {
    const { error, reads, events, readEvents } = await abortWhileWaiting({ steps: [step], record });
    expect([events.length, readEvents.length]).toEqual([1, 1]);
    expect(error).toMatchObject({ name: "KaitenAbortError", outcome, attempts: 1, request: REQUEST });
    expect(error.cause).toBe(REASON);
    expect(reads).toHaveLength(1);
  });
});

describe("an answer that has no content is complete with its headers: an abort that comes later changes nothing", () => {
  /** Aborts when the answer is read: its headers have arrived. */
  async function abortInside(status: number) {
    const controller = new AbortController();
    const late = (): FetchResponse => ({
      ...{ status, ok: status < 300, headers: new Headers(), text: never },
      body: { cancel: async () => controller.abort(REASON) } as unknown as ReadableStream<Uint8Array>,
    });
    return revoke(async () => late(), { call: { signal: controller.signal } });
  }

  test("a 204 resolves", async () => {
    const { result, events } = await abortInside(204);
    expect(await result).toMatchObject({ outcome: "revoked", status: 204, attempts: 1 });
    expect(events).toMatchObject([{ status: 204, outcome: "revoked" }]);
  });

  test.each([205, 304])("a %i is what it is", async (status) => {
    const { error } = await abortInside(status);
    expect(await error).toMatchObject({ name: "KaitenResponseError", status, outcome: "unknown", excerpt: "" });
  });
});

describe("an abort after the answer does not hide it, and no record is read", () => {
  test.each<[string, Step, object]>([
    ["no such token", absent(), { name: "KaitenProblemError", outcome: "absent", status: 404 }],
    ["a refused connection", refused(), { name: "KaitenConnectionError", outcome: "not-revoked" }],
    ["a refusal", problem(422), { name: "KaitenProblemError", outcome: "not-revoked" }],
  ])("%s", async (_, step, expected) => {
    const controller = new AbortController();
    const events: AttemptEvent[] = [];
    const onAttempt = (event: AttemptEvent) => {
      events.push(event);
      controller.abort(REASON);
    };
    const { error, reads } = revoke(step, { client: { retries: 0, onAttempt }, call: { signal: controller.signal } });
    expect(await error).toMatchObject({ ...expected, attempts: 1 });
    expect([reads.length, events.length]).toEqual([0, 1]);
  });

  test("nor does one after the record was read hide what it says", async () => {
    const abortAfter = (record: Step) => {
      const controller = new AbortController();
      const onAttempt = ({ method }: AttemptEvent) => method === "GET" && controller.abort(REASON);
      return revoke(problem(422), { client: { onAttempt }, call: { signal: controller.signal }, record });
    };
    expect(await abortAfter(record(revokedEntry())).result).toMatchObject({ outcome: "revoked" });
    const { error } = abortAfter(record(active()));
    expect(await error).toMatchObject({ name: "KaitenProblemError", outcome: "not-revoked" });
  });
});

test("many calls may share one signal: it gets one listener, and Node warns of none", async () => {
  const controller = new AbortController();
  const warned = vi.fn();
  process.on("warning", warned);
  const call = { signal: controller.signal };
  const calls = Array.from({ length: 30 }, (_, index) => revoke(index % 2 ? answer(503) : never, { call }));
  await vi.advanceTimersByTimeAsync(0);
  expect(getEventListeners(controller.signal, "abort")).toHaveLength(1);
  controller.abort(REASON);
  for (const { error } of calls) expect(await error).toMatchObject({ name: "KaitenAbortError", cause: REASON });
  expect(getEventListeners(controller.signal, "abort")).toEqual([]);
  // A warning is emitted in the next tick.
  await new Promise(process.nextTick);
  process.off("warning", warned);
  expect(warned).not.toHaveBeenCalled();
});
