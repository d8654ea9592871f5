// A run under anything that can happen to it, in any order, against the fake and in a time of its own. Each case follows
// from its seed. A failure prints seed and path; SIMULATION_SEED and SIMULATION_PATH replay it alone, SIMULATION_RUNS
// sets how many cases are tried.
import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createKaitenClient, type Fetch, type TokenRef, type TokenResult } from "../../src/index.js";
import { createFakeKaiten, type Fault } from "../../src/testing/index.js";

const { SIMULATION_RUNS, SIMULATION_SEED, SIMULATION_PATH } = process.env;
const REASON = { why: "the caller aborts" };

beforeEach(() => {
  vi.useFakeTimers({ now: new Date("2026-11-23T12:00:00Z") });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Those that hide a living token, or need a secret that was revoked, are left out. */
const FAULTS: Fault[] = [
  "connection-refused",
  "lost-before-commit",
  "lost-after-commit",
  "no-answer-before-commit",
  "no-answer-after-commit",
  "gateway-403",
  "gateway-429",
  "login-page",
  "wrong-base-url",
  "api-400",
  "api-422",
  "api-429",
  "api-503",
  "api-500-before-commit",
  "api-500-after-commit",
];

const scenario = fc.record({
  tokens: fc.integer({ min: 0, max: 40 }),
  concurrency: fc.integer({ min: 1, max: 20 }),
  retries: fc.integer({ min: 0, max: 3 }),
  rateLimit: fc.option(fc.integer({ min: 1, max: 20 }), { nil: undefined }),
  faults: fc.array(
    fc.record({
      fault: fc.constantFrom(...FAULTS),
      times: fc.integer({ min: 1, max: 30 }),
      rate: fc.constantFrom(0.1, 0.5, 1),
    }),
    { maxLength: 4 },
  ),
  source: fc.constantFrom("array", "generator", "async", "slow"),
  /** The reference at which the source throws. */
  throwsAt: fc.option(fc.nat({ max: 40 }), { nil: undefined }),
  /** The result at which the caller aborts or leaves. */
  leavesAt: fc.option(fc.record({ result: fc.nat({ max: 40 }), how: fc.constantFrom("abort", "break") }), {
    nil: undefined,
  }),
  abortsAfter: fc.option(fc.integer({ min: 0, max: 20_000 }), { nil: undefined }),
  /** The request after which the credential has expired. */
  expiresAt: fc.option(fc.nat({ max: 40 }), { nil: undefined }),
  /** How the record of an account can be read: an old one may tell of its age, or not. */
  record: fc.constantFrom("readable", "unreadable", "slow", "limited", "cached", "old"),
  /** The chance that a request is sent twice unseen: its answer is then the second one. */
  repeats: fc.constantFrom(0, 0, 0.2),
  refreshes: fc.constantFrom("never", "at once", "slowly", "throws"),
  /** What happens next when several things can: a task, or time that passes. */
  choices: fc.infiniteStream(fc.nat({ max: 9 })),
  seed: fc.nat(),
});

async function play(scheduler: fc.Scheduler, given: typeof scenario extends fc.Arbitrary<infer T> ? T : never) {
  const refs: TokenRef[] = Array.from({ length: given.tokens }, (_, index) => ({
    serviceAccountSlug: `bot-${index % 3}`,
    tokenSlug: `token-${index}`,
  }));
  /** Every seventh name is misspelt. */
  const exists = (ref: TokenRef) => refs.indexOf(ref) % 7 !== 6;
  const fake = createFakeKaiten({ tokens: refs.filter(exists), rateLimit: given.rateLimit, seed: given.seed });
  for (const { fault, times, rate } of given.faults) fake.play(fault, { times, rate });
  const controller = new AbortController();
  const step = (label: string) => scheduler.schedule(Promise.resolve(), label);

  const revoked = new Map<string, string>();
  const note = () => {
    for (const ref of refs) {
      if (exists(ref) && !fake.isAlive(ref) && !revoked.has(ref.tokenSlug)) {
        revoked.set(ref.tokenSlug, new Date().toISOString());
      }
    }
  };
  const recordOf = (slug: string) => {
    note();
    const tokens = refs.filter((ref) => ref.serviceAccountSlug === slug && exists(ref));
    const state = ({ tokenSlug }: TokenRef) => ({
      slug: tokenSlug,
      ...(revoked.has(tokenSlug) && { revokedAt: revoked.get(tokenSlug) }),
    });
    return { slug, tokens: tokens.map(state) };
  };
  /** As it was when it was first read. */
  const oldRecords = new Map<string, object>();
  let reads = 0;
  async function readRecord(url: string, init: RequestInit): Promise<Response> {
    if (!fake.credentials.has(new Headers(init.headers).get("authorization")?.replace("Bearer ", "") ?? "")) {
      return Response.json(
        { code: "ValidateToken.Invalid" },
        { status: 401, headers: { "content-type": "application/problem+json" } },
      );
    }
    const slug = new URL(url).pathname.split("/").at(-1) ?? "";
    reads++;
    if (given.record === "unreadable") return new Response("<h1>Forbidden", { status: 403 });
    if (given.record === "limited" && reads % 2) return new Response(null, { status: 429 });
    if (given.record === "slow") await new Promise((resolve) => setTimeout(resolve, reads % 2 ? 7_000 : 3_000));
    const record = recordOf(slug);
    if (!oldRecords.has(slug)) oldRecords.set(slug, record);
    const isOld = given.record === "cached" || given.record === "old";
    const headers: HeadersInit = given.record === "cached" ? { Age: "30" } : {};
    return Response.json(isOld ? oldRecords.get(slug) : record, { headers });
  }

  let requests = 0;
  let requestsAfterAbort = 0;
  let state = given.seed;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const fetch: Fetch = async (url, init) => {
    if (requests++ === given.expiresAt) fake.credentials.delete(fake.credential);
    if (controller.signal.aborted) requestsAfterAbort++;
    await step("request");
    // What the server does, it does once: a caller that has gone changes nothing.
    const send = () => (init.method === "GET" ? readRecord(url, init) : fake.fetch(url, init));
    const isRepeated = random() < given.repeats;
    if (isRepeated) await send().catch(() => {});
    // A connection that is refused to the second request proves nothing about the first.
    const answer = send().catch((error) => Promise.reject(isRepeated ? new TypeError("fetch failed") : error));
    answer.catch(() => {});
    await step("answer");
    // A transport that may repeat a request says so of every answer.
    return given.repeats > 0 ? Object.assign(await answer, { repeated: true }) : answer;
  };

  const token =
    given.refreshes === "never"
      ? fake.credential
      : async ({ rejected }: { rejected?: string }) => {
          if (given.refreshes === "slowly") await step("token");
          if (rejected === undefined) return fake.credential;
          if (given.refreshes === "throws") throw new Error("no other token");
          fake.credentials.set("ksh_second-credential", ["write:tokens"]);
          return "ksh_second-credential";
        };

  const taken = new Set<TokenRef>();
  let closed = given.source === "array";
  const take = (index: number) => {
    if (index === given.throwsAt) throw new Error("the source throws");
    const ref = refs[index] as TokenRef;
    if (!controller.signal.aborted) taken.add(ref);
    return ref;
  };
  function* generator() {
    try {
      for (const index of refs.keys()) yield take(index);
    } finally {
      closed = true;
    }
  }
  async function* asyncGenerator() {
    try {
      for (const index of refs.keys()) {
        if (given.source === "slow") await step("source");
        yield take(index);
      }
    } finally {
      closed = true;
    }
  }
  const sources = { array: () => refs, generator, async: asyncGenerator, slow: asyncGenerator };
  if (given.source === "array") for (const ref of refs) taken.add(ref);

  const kaiten = createKaitenClient({ baseUrl: fake.baseUrl, token, fetch, retries: given.retries });
  const results: TokenResult[] = [];
  let left = false;
  const run = async () => {
    const { signal } = controller;
    const { concurrency } = given;
    for await (const result of kaiten.serviceAccounts.tokens.revokeAll(sources[given.source](), {
      concurrency,
      signal,
    })) {
      results.push(result);
      if (results.length !== given.leavesAt?.result) continue;
      left = given.leavesAt.how === "break";
      if (left) break;
      controller.abort(REASON);
    }
  };
  if (given.abortsAfter !== undefined) setTimeout(() => controller.abort(REASON), given.abortsAfter);

  let ended: { thrown?: unknown } | undefined;
  run().then(
    () => {
      ended = {};
    },
    (thrown) => {
      ended = { thrown };
    },
  );
  const settle = async () => {
    for (let turn = 0; turn < 50; turn++) await Promise.resolve();
  };
  let idle = 0;
  for (let steps = 0; !ended; steps++) {
    if (steps > 20_000) throw new Error("The run does not end.");
    await settle();
    const isTimeToPass = scheduler.count() === 0 || given.choices.next().value === 0;
    if (scheduler.count() === 0 && vi.getTimerCount() === 0 && ++idle > 20)
      throw new Error("The run waits for nothing.");
    if (isTimeToPass && vi.getTimerCount() > 0) await vi.advanceTimersToNextTimerAsync();
    else if (scheduler.count() > 0) await scheduler.waitOne();
  }
  return {
    ...{ fake, results, taken, refs, exists, ended, left, controller, requestsAfterAbort, settle },
    requests: () => requests,
    isClosed: () => closed,
  };
}

test("every reference has one result, and every result is true", { timeout: 600_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), scenario, async (scheduler, given) => {
      vi.clearAllTimers();
      const run = await play(scheduler, given);
      const { fake, results, taken, refs, exists, ended, left, controller } = run;

      // One result each, of a reference that was taken.
      const named = results.map(({ ref }) => ref);
      expect(new Set(named).size, "a reference has two results").toBe(named.length);
      const cut = left || controller.signal.aborted || ended.thrown !== undefined;
      const lost = [...taken].filter((ref) => !named.includes(ref));
      if (!left && given.source !== "array") expect(lost, "taken, but without a result").toEqual([]);
      if (!cut) expect(named).toHaveLength(refs.length);

      // The truth, at once and also when every answer that is under way has come.
      const requests = run.requests();
      while (scheduler.count() > 0) await scheduler.waitOne();
      await run.settle();
      for (const { ref, outcome, error, attempts } of results) {
        const isAlive = fake.isAlive(ref);
        if (outcome === "revoked" || outcome === "absent") expect(isAlive, `${outcome}, but it is active`).toBe(false);
        if (outcome === "revoked") expect(exists(ref), "revoked, but it never was").toBe(true);
        if (outcome === "not-revoked" && exists(ref)) expect(isAlive, "not-revoked, but it is revoked").toBe(true);
        expect(error === undefined, "an error unless it is revoked").toBe(outcome === "revoked");
        if (attempts === 0) expect(error).toMatchObject({ name: "KaitenNotAttemptedError" });
      }

      // The end.
      if (controller.signal.aborted && ended.thrown !== undefined) {
        expect([REASON, expect.objectContaining({ message: "the source throws" })]).toContainEqual(ended.thrown);
      } else if (ended.thrown !== undefined) {
        expect(ended.thrown).toMatchObject({ message: "the source throws" });
      }
      if (given.refreshes === "never") expect(run.requestsAfterAbort, "sent after the abort").toBe(0);
      if (given.source !== "slow") expect(run.isClosed() || refs.length === 0 || results.length === 0).toBe(true);
      const isOurs = given.abortsAfter !== undefined || given.record === "slow";
      if (!isOurs) expect(vi.getTimerCount(), "timers are left").toBe(0);
      await vi.advanceTimersByTimeAsync(120_000);
      expect(run.requests(), "sent after the end").toBe(requests);
    }),
    {
      numRuns: Number(SIMULATION_RUNS ?? 500),
      ...(SIMULATION_SEED && { seed: Number(SIMULATION_SEED) }),
      ...(SIMULATION_PATH && { path: SIMULATION_PATH, endOnFailure: true }),
    },
  );
});
