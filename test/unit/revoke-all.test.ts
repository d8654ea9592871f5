// Many tokens at once: a result each, in the order they settle, and an end that leaves nothing in the dark. How fast a run goes
// is in pace.test.ts.
import { getEventListeners } from "node:events";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  type AttemptEvent,
  type BulkOptions,
  type ClientOptions,
  createKaitenClient,
  type TokenRef,
  type TokenRefs,
  type TokenResult,
} from "../../src/index.js";
import { absent, answer, BASE, lost, page, problem, refused, TOKEN } from "./fake-api.js";

beforeEach(() => {
  vi.useFakeTimers({ now: new Date("2026-11-23T12:00:00Z") });
});
afterEach(() => {
  vi.useRealTimers();
});

/** In the time of the test. */
const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const never = () => new Promise<never>(() => {});

const ref = (tokenSlug: string, serviceAccountSlug = "ci-bot"): TokenRef => ({ serviceAccountSlug, tokenSlug });
const refs = (count: number): TokenRef[] => Array.from({ length: count }, (_, index) => ref(`t${index}`));

const ok = () => answer(204);
const RECORDED = { revokedAt: "2026-11-23T11:00:00Z", revokedBy: { id: "u1", name: "Ada" } };
const record = (tokens: Record<string, object>, slug = "ci-bot") =>
  Response.json({ slug, tokens: Object.entries(tokens).map(([slug, state]) => ({ slug, ...state })) });

type Answer = Response | Error | Promise<Response | Error>;

/** An API that answers a DELETE by the token's name, and a GET by the account's: unless it is told, that cannot be read. */
function api(
  revoke: (token: string, nth: number) => Answer = ok,
  read: (account: string, nth: number) => Answer = () => page(403),
) {
  const counts = new Map<string, number>();
  const state = { inFlight: 0, most: 0, reads: [] as string[], sent: [] as string[] };
  const fetch: NonNullable<ClientOptions["fetch"]> = async (url, init) => {
    const { pathname } = new URL(url);
    const name = pathname.split("/").at(-1) ?? "";
    const isRead = init.method === "GET";
    (isRead ? state.reads : state.sent).push(name);
    const nth = (counts.get(pathname) ?? 0) + 1;
    counts.set(pathname, nth);
    state.most = Math.max(state.most, ++state.inFlight);
    await sleep(1);
    const answered = await (isRead ? read(name, nth) : revoke(name, nth));
    state.inFlight--;
    if (answered instanceof Error) throw answered;
    return answered;
  };
  return Object.assign(state, { fetch });
}

interface Run extends BulkOptions {
  client?: Partial<ClientOptions>;
  /** Called with each result. */
  onResult?: (result: TokenResult) => unknown;
}

/** Runs to the end, in no time. `thrown` is what the iteration threw. */
async function run(fetch: ClientOptions["fetch"], source: TokenRefs, { client, onResult, ...options }: Run = {}) {
  const events: AttemptEvent[] = [];
  const onAttempt = (event: AttemptEvent) => events.push(event);
  const kaiten = createKaitenClient({ baseUrl: BASE, token: TOKEN, fetch, retries: 0, onAttempt, ...client });
  const results: TokenResult[] = [];
  let ended: { thrown?: unknown } | undefined;
  const iterate = async () => {
    for await (const result of kaiten.serviceAccounts.tokens.revokeAll(source, options)) {
      results.push(result);
      await onResult?.(result);
    }
  };
  const began = Date.now();
  let ms = 0;
  iterate()
    .then(
      () => ({}),
      (thrown) => ({ thrown }),
    )
    .then((end) => {
      ended = end;
      ms = Date.now() - began;
    });
  await vi.runAllTimersAsync();
  if (!ended) throw new Error("The run waits for nothing.");
  return {
    results,
    byName: byNameOf(results),
    events,
    thrown: ended.thrown,
    ms,
    outcomes: results.map(({ outcome }) => outcome),
  };
}

/** What cannot be read is left out. */
function byNameOf(results: TokenResult[]): Record<string, TokenResult> {
  const read = results.filter(({ error }) => error?.name !== "TypeError" || error.message.includes("secret"));
  return Object.fromEntries(read.map((result) => [result.ref.tokenSlug, result]));
}

const unattempted = (results: TokenResult[]) => results.filter(({ attempts }) => attempts === 0);

/** A source that tells what was taken of it, and whether it was closed. */
function counted(count: number, blocksAt = Number.POSITIVE_INFINITY) {
  const state = { taken: 0, asking: 0, mostAsking: 0, closed: false };
  const source: AsyncIterable<TokenRef> = {
    [Symbol.asyncIterator]: () => ({
      async next() {
        state.mostAsking = Math.max(state.mostAsking, ++state.asking);
        if (state.taken === blocksAt) await never();
        await sleep(1);
        state.asking--;
        return state.taken < count
          ? { done: false, value: ref(`t${state.taken++}`) }
          : { done: true, value: undefined };
      },
      async return() {
        state.closed = true;
        return { done: true, value: undefined };
      },
    }),
  };
  return { source, state };
}

describe("a result per reference", () => {
  test.each<[string, () => TokenRefs]>([
    ["a list", () => refs(30)],
    ["a set", () => new Set(refs(30))],
    ["promises", () => refs(30).map((one) => Promise.resolve(one)) as unknown as TokenRef[]],
    [
      "a generator",
      function* () {
        yield* refs(30);
      },
    ],
    [
      "an async generator",
      async function* () {
        yield* refs(30);
      },
    ],
  ])("comes from %s", async (_, source) => {
    const { byName, outcomes } = await run(api().fetch, source());
    expect(Object.keys(byName)).toHaveLength(30);
    expect(outcomes).toEqual(Array(30).fill("revoked"));
  });

  test("comes as it settles, not in the order of the references", async () => {
    const { fetch } = api((token) => (token === "t0" ? sleep(80).then(ok) : ok()));
    expect((await run(fetch, refs(20), { concurrency: 2 })).results.at(-1)?.ref.tokenSlug).toBe("t0");
  });

  test("carries the reference as it was given, and an error unless the token is revoked", async () => {
    const answers: Record<string, () => Response> = {
      gone: absent,
      bad: () => problem(422),
      broken: () => problem(500, { errorId: "e1" }),
      fine: ok,
    };
    const { fetch } = api((token) => answers[token]?.() ?? ok());
    const given = Object.keys(answers).map((token) => ref(token));
    const { results, byName } = await run(fetch, given);
    expect(results.every((result) => given.includes(result.ref))).toBe(true);
    expect(byName).toMatchObject({
      gone: { outcome: "absent", attempts: 1, status: 404, error: { name: "KaitenProblemError" } },
      bad: { outcome: "not-revoked", attempts: 1, status: 422, error: { name: "KaitenProblemError" } },
      broken: { outcome: "unknown", attempts: 1, errorId: "e1", error: { name: "KaitenProblemError" } },
      fine: { outcome: "revoked", attempts: 1, status: 204 },
    });
    expect(byName.fine).not.toHaveProperty("error");
  });

  test.each<[string, () => unknown]>([
    ["names a parent folder", () => ref("..")],
    ["names nothing", () => ref("")],
    ["is null", () => null],
    ["is a number", () => 7],
    ["lacks a member", () => ({ serviceAccountSlug: "a" })],
    [
      "is a revoked Proxy",
      () => {
        const { proxy, revoke } = Proxy.revocable({}, {});
        revoke();
        return proxy;
      },
    ],
    [
      "throws when it is read, also as a promise",
      () =>
        new Proxy(
          {},
          {
            get() {
              throw "odd";
            },
          },
        ),
    ],
  ])("is there for a reference that %s, which is never sent", async (_, make) => {
    const { fetch, sent } = api();
    const odd = make() as TokenRef;
    const { results } = await run(fetch, [ref("a"), odd, ref("b")], { concurrency: 1 });
    expect(results).toHaveLength(3);
    const [result] = results.filter(({ error }) => error);
    expect(result?.ref).toBe(odd);
    expect(result).toMatchObject({ outcome: "not-revoked", attempts: 0, error: expect.any(TypeError) });
    expect(sent).toEqual(["a", "b"]);
  });

  test.each([
    ["the first token", "secret-as-a-slug", "another-token", 0],
    ["the token of a later attempt", "another-token", "secret-as-a-slug", 1],
  ])(
    "is there for a slug that is %s of the provider, and what was sent before is counted",
    async (_, first, then, attempts) => {
      const { fetch, sent } = api(() => problem(401));
      const token = ({ rejected }: { rejected?: string }) => (rejected ? then : first);
      const { results } = await run(fetch, [ref("secret-as-a-slug")], { client: { token } });
      expect(results).toMatchObject([{ outcome: "not-revoked", attempts, error: { name: "TypeError" } }]);
      expect(sent).toHaveLength(attempts);
    },
  );

  test.each([
    ["is taken", true],
    ["ends an attempt", false],
  ])("is unknown, and the others have theirs, whatever is thrown when a job %s", async (_, traceparent) => {
    const { fetch } = api(() => problem(503));
    const random = vi.spyOn(Math, "random").mockImplementationOnce(() => {
      throw new Error("no random numbers");
    });
    const { results } = await run(fetch, refs(3), { client: { traceparent } });
    random.mockRestore();
    expect(results).toHaveLength(3);
    const error = { name: "TypeError", cause: { message: "no random numbers" } };
    expect(results.filter(({ error }) => error?.name === "TypeError")).toMatchObject([{ outcome: "unknown", error }]);
  });

  test("is unknown, whatever is thrown when a job settles", async () => {
    vi.resetModules();
    const conclude = () => {
      throw new Error("a fault of ours");
    };
    vi.doMock(import("../../src/call/revoke.js"), async (original) => ({ ...(await original()), conclude }));
    const broken = await import("../../src/index.js");
    vi.doUnmock("../../src/call/revoke.js");
    const kaiten = broken.createKaitenClient({ baseUrl: BASE, token: TOKEN, fetch: api().fetch });
    const result = kaiten.serviceAccounts.tokens.revokeAll(refs(1)).next();
    await vi.runAllTimersAsync();
    expect((await result).value).toMatchObject({
      outcome: "unknown",
      error: { cause: { message: "a fault of ours" } },
    });
  });

  test("comes for nothing at all as nothing", async () => {
    expect((await run(api().fetch, [])).results).toEqual([]);
  });
});

describe("how much at once", () => {
  test.each([
    [undefined, 8],
    [1, 1],
    [3, 3],
    [256, 20],
  ])("concurrency %j has at most %i in flight in a run of 36: it starts with 16", async (concurrency, most) => {
    const server = api(() => sleep(5).then(ok));
    await run(server.fetch, refs(36), { concurrency });
    expect(server.most).toBe(most);
  });

  test("the source is asked for one reference at a time, and for one more than may be sent", async () => {
    const { source, state } = counted(1_000);
    const { fetch } = api();
    const kaiten = createKaitenClient({ baseUrl: BASE, token: TOKEN, fetch });
    const results = kaiten.serviceAccounts.tokens.revokeAll(source, { concurrency: 4 });
    await vi.runAllTimersAsync();
    expect(state.taken, "before the first result is asked for").toBe(0);
    for (let count = 1; count <= 20; count++) {
      const result = results.next();
      await vi.runAllTimersAsync();
      await result;
      // Those that nobody has asked for yet, and one ahead.
      expect(state.taken).toBeLessThanOrEqual(count + 4 + 1);
    }
    expect(state.mostAsking).toBe(1);
    void results.return();
    await vi.runAllTimersAsync();
  });

  test("a run of any length keeps no more than it works on", async () => {
    let taken = 0;
    let most = 0;
    let yielded = 0;
    function* source() {
      for (; taken < 1_000; taken++) {
        most = Math.max(most, taken - yielded);
        yield ref(`t${taken}`);
      }
    }
    // Every third is refused, fails or is not there.
    const { fetch } = api((token, nth) => (nth === 1 && token.endsWith("3") ? problem(500) : ok()));
    await run(fetch, source(), { retries: 2, onResult: () => yielded++ });
    expect(yielded).toBe(1_000);
    expect(most).toBeLessThanOrEqual(8 + 8 + 2);
  });

  test("results that need no waiting let timers and signals be served", async () => {
    vi.useRealTimers();
    const kaiten = createKaitenClient({ baseUrl: BASE, token: TOKEN, fetch: async () => problem(401) });
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort("stopped"), 20);
    function* endless() {
      for (;;) yield ref("t");
    }
    const iterate = async () => {
      for await (const _ of kaiten.serviceAccounts.tokens.revokeAll(endless(), { signal: controller.signal }));
    };
    await expect(iterate()).rejects.toBe("stopped");
    clearTimeout(timer);
  });

  test("a signal has one listener, however many are in flight, and none at the end", async () => {
    const { signal } = new AbortController();
    let most = 0;
    const { fetch } = api(() => {
      most = Math.max(most, getEventListeners(signal, "abort").length);
      return ok();
    });
    await run(fetch, refs(100), { signal, concurrency: 64 });
    expect([most, getEventListeners(signal, "abort").length]).toEqual([1, 0]);
  });
});

describe("a failure", () => {
  test("uses up a retry where others were answered meanwhile; the last event tells of no next attempt", async () => {
    const { fetch } = api((token) => (token === "t0" ? problem(500) : sleep(0).then(ok)));
    const { byName, events } = await run(fetch, refs(40), { retries: 2, concurrency: 4 });
    expect(byName.t0).toMatchObject({ outcome: "unknown", attempts: 4 });
    const delays = events
      .filter(({ ref, method }) => ref.tokenSlug === "t0" && method === "DELETE")
      .map(({ delay }) => delay);
    expect(delays).toEqual([expect.any(Number), expect.any(Number), expect.any(Number), undefined]);
    for (const delay of delays.slice(0, -1)) expect(delay).toBeGreaterThanOrEqual(250);
  });

  test("uses up no retry where nothing was answered meanwhile", async () => {
    let isDown = false;
    const { fetch } = api((token, nth) => {
      if (token === "t20" && nth === 1) {
        isDown = true;
        setTimeout(() => {
          isDown = false;
        }, 10_000);
      }
      return isDown ? refused() : ok();
    });
    const states: string[] = [];
    const onPace = ({ state }: { state: string }) => states.push(state);
    const { outcomes } = await run(fetch, refs(60), { concurrency: 1, onPace });
    expect(outcomes).toEqual(Array(60).fill("revoked"));
    expect(states).toEqual(["outage", "running"]);
  });

  test("of the only call ends it as a call alone ends", async () => {
    const { fetch, sent } = api(() => problem(503));
    const { results } = await run(fetch, refs(1), { retries: 2 });
    expect(sent).toHaveLength(3);
    expect(results).toMatchObject([{ outcome: "unknown", attempts: 3, status: 503 }]);
  });

  test("with a Retry-After beyond the limit ends the call", async () => {
    const { fetch, sent } = api((token) => (token === "t0" ? problem(500, {}, { "Retry-After": "61" }) : ok()));
    const { byName } = await run(fetch, refs(9), { retries: 2 });
    expect(byName.t0).toMatchObject({ outcome: "unknown", attempts: 1 });
    expect(sent).toHaveLength(9);
  });

  test("that another attempt would not cure ends the call, unless it is an outage", async () => {
    let count = 0;
    const { fetch } = api(() => (count++ >= 5 && count <= 20 ? page(200) : ok()));
    const { outcomes } = await run(fetch, refs(40), { concurrency: 1 });
    expect(outcomes.filter((outcome) => outcome === "unknown")).toHaveLength(7);
  });

  test("of the provider's token, in an outage, settles where the slug is that token", async () => {
    let asked = 0;
    const token = () => (asked++ < 9 ? TOKEN : "secret-as-a-slug");
    const { fetch } = api((_, nth) => (nth === 1 && asked > 1 && asked < 10 ? refused() : ok()));
    const { byName } = await run(fetch, [...refs(9), ref("secret-as-a-slug")], { concurrency: 1, client: { token } });
    expect(byName["secret-as-a-slug"]).toMatchObject({ outcome: "not-revoked", attempts: 0 });
  });
});

describe("a run stops where to go on is pointless: the rest are not attempted", () => {
  test("at the first 401 of a credential that was never accepted", async () => {
    const { fetch, sent } = api(() => problem(401));
    const { results, events } = await run(fetch, refs(100), { concurrency: 1 });
    expect(sent).toHaveLength(1);
    expect(unattempted(results)).toHaveLength(99);
    for (const { outcome, error } of unattempted(results)) {
      expect(outcome).toBe("not-revoked");
      expect(error).toMatchObject({
        name: "KaitenNotAttemptedError",
        summary: "The run stopped before this token's turn: nothing was sent for it. If it was active, it still is.",
        cause: { name: "KaitenProblemError", status: 401 },
      });
    }
    expect(events).toHaveLength(1);
    expect(events[0]).not.toHaveProperty("delay");
  });

  test.each([
    ["a problem", () => problem(401, { code: "ValidateToken.Invalid" })],
    ["plain text of the gateway", () => answer(401, "Jwt is expired")],
  ])("at a 401 of one that was accepted, %s, after it was asked once more", async (_, refuse) => {
    const { fetch, sent } = api((token) => (Number(token.slice(1)) < 20 ? ok() : refuse()));
    const { results, ms } = await run(fetch, refs(100));
    expect(ms).toBeGreaterThanOrEqual(2_000);
    expect(ms).toBeLessThan(2_200);
    // Those in flight, and the one that asked.
    expect(sent.length).toBeLessThanOrEqual(20 + 8 + 1);
    expect(results.map(({ outcome }) => outcome).filter((outcome) => outcome === "revoked")).toHaveLength(20);
    expect(unattempted(results)[0]?.error).toMatchObject({ cause: { status: 401 } });
  });

  test("not at 401s that end within two seconds, as where the API cannot reach its database", async () => {
    let from: number | undefined;
    const { fetch } = api((token) => {
      if (token === "t20") from ??= Date.now();
      return from !== undefined && Date.now() < from + 1_500 ? problem(401) : ok();
    });
    expect((await run(fetch, refs(100))).outcomes).toEqual(Array(100).fill("revoked"));
  });

  test("not at a 401 that a refreshed token cures", async () => {
    const fetch = async (_: string, { headers }: RequestInit) =>
      new Headers(headers).get("authorization") === "Bearer ksh_second-token" ? ok() : problem(401);
    const token = ({ rejected }: { rejected?: string }) => (rejected ? "ksh_second-token" : TOKEN);
    const { outcomes, events } = await run(fetch, refs(30), { client: { token } });
    expect(outcomes).toEqual(Array(30).fill("revoked"));
    expect(events[0]).toMatchObject({ status: 401, delay: 0 });
  });

  test("at 401s, though the provider always has another token", async () => {
    const { fetch, sent } = api(() => page(401));
    let issued = 0;
    const { results } = await run(fetch, refs(50), { client: { token: () => `ksh_token-number-${issued++}` } });
    expect(results).toHaveLength(50);
    expect(sent.length).toBeLessThanOrEqual(16);
  });

  test.each(["Auth.MissingScope", "Auth.UserDeleted", "Auth.MembershipDeleted"])("at a 403 %s", async (code) => {
    const { fetch, sent } = api(() => problem(403, { code }));
    expect((await run(fetch, refs(50), { concurrency: 1 })).results).toHaveLength(50);
    expect(sent).toHaveLength(1);
  });

  test.each([
    ["403", () => problem(403, { code: "Auth.Other" })],
    ["400", () => problem(400)],
    ["422", () => problem(422)],
  ])("not at any other %s of the API", async (_, refuse) => {
    const { fetch, sent } = api(refuse);
    await run(fetch, refs(50), { concurrency: 1 });
    expect(sent).toHaveLength(50);
  });

  test.each([
    ["404 NOT_FOUND", () => problem(404, { code: "NOT_FOUND" })],
    ["404 page", () => page(404)],
    ["405 page", () => page(405)],
  ])("at the third %s in a row, if nothing was ever answered", async (_, missing) => {
    const wrong = api(missing);
    const { results } = await run(wrong.fetch, refs(50), { concurrency: 1 });
    expect(wrong.sent).toHaveLength(3);
    expect(unattempted(results)).toHaveLength(47);
    const interrupted = api((token) => (token === "t2" ? problem(422) : missing()));
    await run(interrupted.fetch, refs(7), { concurrency: 1 });
    expect(interrupted.sent).toHaveLength(7);
  });

  test("at a Retry-After of a 429 that is longer than the caller allows; no event tells of a next attempt", async () => {
    const { fetch, sent } = api((token) =>
      token === "t0" ? answer(429, null, { "Retry-After": "120" }) : sleep(10).then(() => problem(503)),
    );
    const { results, events } = await run(fetch, refs(50), { concurrency: 2, retries: 2 });
    expect(sent).toEqual(["t0", "t1"]);
    expect(unattempted(results)).toHaveLength(48);
    expect(unattempted(results)[0]?.error).toMatchObject({ cause: { status: 429 } });
    for (const event of events) expect(event).not.toHaveProperty("delay");
  });

  test("after maxRetryAfter with nothing but 429s, which use up no retry", async () => {
    const limited = (until: number) => api(() => (Date.now() < until ? answer(429) : ok()));
    const { results, ms } = await run(limited(Number.POSITIVE_INFINITY).fetch, refs(50));
    expect(ms).toBeGreaterThanOrEqual(60_000);
    expect(ms).toBeLessThan(62_000);
    expect(results.every(({ outcome }) => outcome === "not-revoked")).toBe(true);
    const { outcomes, events } = await run(limited(Date.now() + 30_000).fetch, refs(50));
    expect(outcomes).toEqual(Array(50).fill("revoked"));
    // What waits for the run's pause says for how long.
    expect(events.filter(({ status, delay }) => status === 429 && !(delay !== undefined && delay >= 100))).toEqual([]);
  });
});

describe("the record", () => {
  test("answers for all tokens of its account that wait for it: one read", async () => {
    const tokens = Object.fromEntries(refs(30).map(({ tokenSlug }) => [tokenSlug, RECORDED]));
    const { fetch, reads } = api(
      (token) => (Number(token.slice(1)) % 2 ? lost() : ok()),
      () => record(tokens),
    );
    const { byName, outcomes, events } = await run(fetch, refs(30));
    expect(outcomes).toEqual(Array(30).fill("revoked"));
    expect(byName.t1).toMatchObject({ attempts: 1, ...RECORDED });
    expect(reads.length).toBeLessThanOrEqual(2);
    expect(events.filter(({ method }) => method === "GET")).toHaveLength(reads.length);
  });

  test("is read anew after a minute, and for what it lists as active", async () => {
    const { fetch, reads } = api(
      (token) =>
        token.startsWith("a") ? sleep(10).then(lost) : token.startsWith("late") ? sleep(61_000).then(absent) : absent(),
      () => record({ a1: {}, a2: {} }),
    );
    const list = ["gone1", "gone2", "a1", "a2", "late"].map((token) => ref(token));
    const { byName } = await run(fetch, list);
    expect(byName).toMatchObject({
      gone1: { outcome: "absent" },
      gone2: { outcome: "absent" },
      a1: { outcome: "unknown", error: { message: /listed the token as active at/ } },
      a2: { outcome: "unknown" },
      late: { outcome: "absent", error: { message: /no token by this name/ } },
    });
    expect(reads).toHaveLength(3);
  });

  test("counts only where it was read with the credential that revoked", async () => {
    let count = 0;
    const token = () => `ksh_token-number-${count++}`;
    const { fetch, reads } = api(absent, () => record({}));
    await run(fetch, refs(3), { concurrency: 1, client: { token } });
    expect(reads).toHaveLength(3);
  });

  test("is kept of 16 accounts", async () => {
    const { fetch, reads } = api(absent, (account) => record({}, account));
    const accounts = Array.from({ length: 17 }, (_, index) => `bot-${index}`);
    const settled: (() => void)[] = [];
    async function* oneByOne() {
      for (const [index, account] of [...accounts, "bot-16", "bot-0"].entries()) {
        const isSettled = new Promise<void>((resolve) => settled.push(resolve));
        yield ref(`t${index}`, account);
        await isSettled;
      }
    }
    await run(fetch, oneByOne(), { onResult: () => settled.at(-1)?.() });
    expect(reads).toEqual([...accounts, "bot-0"]);
  });

  test("that cannot be read leaves a call as it ended; for a token that is not there it is read once more", async () => {
    const { fetch, reads } = api((token) => (token === "gone" ? absent() : problem(500)));
    const { byName } = await run(fetch, [ref("broken", "one"), ref("gone", "two")], { concurrency: 1 });
    expect(byName).toMatchObject({
      gone: { outcome: "absent", error: { message: /The record could not be read/ } },
      broken: { outcome: "unknown", error: { message: /The record could not be read/ } },
    });
    expect(reads.sort()).toEqual(["one", "two", "two"]);
  });

  test("whose read is refused is read again, at the pace of the run", async () => {
    const { fetch, reads } = api(absent, (_, nth) => (nth < 4 ? answer(429) : record({ t0: RECORDED })));
    const { results, events } = await run(fetch, refs(1));
    expect(results).toMatchObject([{ outcome: "revoked", attempts: 1, ...RECORDED }]);
    expect(reads).toHaveLength(4);
    const delays = events.filter(({ method }) => method === "GET").map(({ delay }) => delay);
    expect(delays).toEqual([expect.any(Number), expect.any(Number), expect.any(Number), undefined]);
  });

  test.each([
    ["without end", () => answer(429)],
    ["for longer than the caller allows", () => answer(429, null, { "Retry-After": "3600" })],
  ])("whose read is refused %s stops nothing", async (_, refuse) => {
    const { fetch, sent } = api((token) => (token === "gone" ? absent() : ok()), refuse);
    const { byName, outcomes } = await run(fetch, [ref("gone"), ...refs(300)]);
    expect(sent).toHaveLength(301);
    expect(outcomes.filter((outcome) => outcome === "revoked")).toHaveLength(300);
    expect(byName.gone).toMatchObject({ outcome: "absent", error: { message: /The record could not be read/ } });
  });

  test.each([
    ["one account", () => "ci-bot"],
    ["as many accounts", (index: number) => `account-${index}`],
  ])("whose reads are all refused is soon asked no more, for tokens of %s", async (_, accountOf) => {
    const { fetch, sent, reads } = api(absent, () => answer(503));
    const many = refs(400).map(({ tokenSlug }, index) => ref(tokenSlug, accountOf(index)));
    const { results, ms } = await run(fetch, many, { concurrency: 128 });
    expect([sent.length, unattempted(results)]).toEqual([400, []]);
    // Two for each account at the most, since it is absent, and a few that were refused at the pace of the run.
    expect(reads.length).toBeLessThan(1_000);
    expect(ms).toBeLessThan(15_000);
  });

  test("stops the run by its own refusals only where nothing else is left", async () => {
    const { fetch } = api(absent, () => answer(429, null, { "Retry-After": "30" }));
    const { outcomes } = await run(fetch, refs(3));
    expect(outcomes).toEqual(["absent", "absent", "absent"]);
  });

  test("is not read after a 401, a stop or an abort", async () => {
    const stopped = api((token) => (token === "t0" ? sleep(5).then(lost) : problem(401)));
    await run(stopped.fetch, refs(4), { concurrency: 2 });
    expect(stopped.reads).toEqual([]);
    const controller = new AbortController();
    const aborted = api(() => {
      controller.abort("enough");
      return lost();
    });
    expect((await run(aborted.fetch, refs(4), { signal: controller.signal })).outcomes).toContain("unknown");
    expect(aborted.reads).toEqual([]);
  });

  test("that was being read at an abort is used", async () => {
    const controller = new AbortController();
    const { fetch } = api(lost, () => {
      controller.abort("enough");
      return record({ t0: RECORDED });
    });
    const { results, thrown } = await run(fetch, [ref("t0")], { signal: controller.signal });
    expect(results).toMatchObject([{ outcome: "revoked" }]);
    expect(thrown).toBe("enough");
  });

  test("is used or not asked for, at whatever moment before its answer the run is aborted", async () => {
    const outcomes = new Set<string>();
    for (let turns = 0; turns < 40; turns++) {
      const controller = new AbortController();
      const { fetch, reads } = api(lost, () => record({ t0: RECORDED }));
      const onAttempt = async ({ method }: AttemptEvent) => {
        for (let turn = 0; turn < turns; turn++) await undefined;
        if (method === "DELETE") controller.abort("enough");
      };
      const { results } = await run(fetch, [ref("t0")], { signal: controller.signal, client: { onAttempt } });
      const outcome = reads.length > 0 ? "revoked" : "unknown";
      expect(results, `after ${turns} turns`).toMatchObject([{ outcome }]);
      outcomes.add(outcome);
    }
    expect(outcomes).toEqual(new Set(["unknown", "revoked"]));
  });

  test("settles nothing in an outage: it is read once more when that is over", async () => {
    let isDown = false;
    const { fetch } = api(
      (token, nth) => {
        if (token === "t0" && nth === 1) {
          isDown = true;
          setTimeout(() => {
            isDown = false;
          }, 5_000);
          return lost();
        }
        return isDown ? refused() : ok();
      },
      async () => {
        await sleep(1_000);
        return isDown ? refused() : record({ t0: RECORDED });
      },
    );
    const { outcomes } = await run(fetch, [ref("first"), ...refs(30)], { retries: 2 });
    expect(outcomes).toEqual(Array(31).fill("revoked"));
  });
});

describe("an early end", () => {
  test("break starts no new attempt, waits for what is in flight, and closes the source", async () => {
    const { source, state } = counted(1_000);
    const server = api(() => sleep(300).then(ok));
    const kaiten = createKaitenClient({ baseUrl: BASE, token: TOKEN, fetch: server.fetch });
    let inFlight: number | undefined;
    const iterate = async () => {
      for await (const _ of kaiten.serviceAccounts.tokens.revokeAll(source, { concurrency: 4 })) break;
      inFlight = server.inFlight;
    };
    void iterate();
    await vi.runAllTimersAsync();
    expect({ inFlight, closed: state.closed }).toEqual({ inFlight: 0, closed: true });
    expect(server.sent.length).toBeLessThanOrEqual(8);
  });

  test("an abort takes nothing more, yields what was taken, closes the source, and throws the signal's reason", async () => {
    const { source, state } = counted(1_000);
    const server = api(() => sleep(20).then(ok));
    const controller = new AbortController();
    const { results, thrown } = await run(server.fetch, source, {
      ...{ concurrency: 4, signal: controller.signal },
      onResult: () => results6() && controller.abort("enough"),
    });
    function results6() {
      return server.sent.length >= 6;
    }
    expect(thrown).toBe("enough");
    expect(state.closed).toBe(true);
    expect(results).toHaveLength(state.taken);
    expect(results.filter(({ outcome }) => outcome === "revoked")).toHaveLength(server.sent.length);
    for (const { error } of unattempted(results)) expect(error).toMatchObject({ cause: "enough" });
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
  });

  test.each([
    ["in backoff", () => problem(500, {}, { "Retry-After": "30" }), "unknown"],
    ["in a pause", () => answer(429, null, { "Retry-After": "30" }), "not-revoked"],
    ["in an outage", () => refused(), "not-revoked"],
  ])("an abort settles a call %s at once, and no further attempt starts", async (_, fail, outcome) => {
    const controller = new AbortController();
    const { fetch, sent } = api(fail);
    setTimeout(() => controller.abort("enough"), 1_000);
    const { results, thrown, ms } = await run(fetch, refs(4), { signal: controller.signal, retries: 2 });
    expect({ thrown, ms }).toEqual({ thrown: "enough", ms: 1_000 });
    expect(results).toHaveLength(4);
    expect(results[0]).toMatchObject({ outcome, error: { name: expect.not.stringContaining("Abort") } });
    expect(vi.getTimerCount()).toBe(0);
    expect(sent.length).toBeLessThanOrEqual(12);
  });

  test.each([1, 2])(
    "an abort while attempt %i waits for its token sends nothing, and is no attempt",
    async (attempt) => {
      const controller = new AbortController();
      const { fetch, sent } = api(() => problem(500));
      let asked = 0;
      const token = async () => {
        if (++asked === attempt) {
          setTimeout(() => controller.abort("enough"), 300);
          await sleep(600);
        }
        return TOKEN;
      };
      const options = { signal: controller.signal, concurrency: 1, retries: 1, client: { token } };
      const { results, events, thrown } = await run(fetch, refs(1), options);
      expect(thrown).toBe("enough");
      expect([sent.length, events.length]).toEqual([attempt - 1, attempt - 1]);
      expect(results).toMatchObject([
        attempt === 1
          ? { outcome: "not-revoked", attempts: 0, error: { name: "KaitenNotAttemptedError", cause: "enough" } }
          : { outcome: "unknown", attempts: 1, error: { name: "KaitenProblemError" } },
      ]);
    },
  );

  test("an abort asks for no other token after a 401", async () => {
    const controller = new AbortController();
    const asked: unknown[] = [];
    const token = ({ rejected }: { rejected?: string }) => {
      asked.push(rejected);
      return TOKEN;
    };
    const { fetch } = api(() => {
      controller.abort("enough");
      return problem(401);
    });
    expect((await run(fetch, refs(1), { signal: controller.signal, client: { token } })).thrown).toBe("enough");
    expect(asked).toEqual([undefined]);
  });

  test("an abort when all results are known changes nothing", async () => {
    const controller = new AbortController();
    let count = 0;
    const onResult = () => ++count === 3 && controller.abort("late");
    const { results, thrown } = await run(api().fetch, refs(3), { signal: controller.signal, onResult });
    expect({ count: results.length, thrown }).toEqual({ count: 3, thrown: undefined });
  });

  test("neither a break nor an abort waits for a source that is blocked, or for a promise of a reference", async () => {
    const { source, state } = counted(1_000, 3);
    const controller = new AbortController();
    setTimeout(() => controller.abort("enough"), 50);
    const { results, thrown } = await run(api().fetch, source, { signal: controller.signal });
    expect({ count: results.length, thrown, closed: state.closed }).toEqual({
      count: 3,
      thrown: "enough",
      closed: true,
    });
    const promised = [ref("a"), never()] as TokenRef[];
    const second = new AbortController();
    const ended = await run(api().fetch, promised, { signal: second.signal, onResult: () => second.abort("enough") });
    expect(ended).toMatchObject({ outcomes: ["revoked"], thrown: "enough" });
  });

  test("a reference that the source gives when the run has ended is not sent", async () => {
    let give = (_: TokenRef) => {};
    const controller = new AbortController();
    const given = new Promise<TokenRef>((resolve) => {
      give = resolve;
    });
    const { fetch, sent } = api();
    const { thrown } = await run(fetch, [ref("a"), given as unknown as TokenRef], {
      ...{ signal: controller.signal, onResult: () => controller.abort("enough") },
    });
    give(ref("late"));
    await vi.runAllTimersAsync();
    expect({ thrown, sent }).toEqual({ thrown: "enough", sent: ["a"] });
  });

  test("a reference that the source gives at the very end has its result", async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const source: AsyncIterable<TokenRef> = {
      [Symbol.asyncIterator]: () => ({
        next: () =>
          new Promise((resolve) => {
            signal.addEventListener("abort", () => resolve({ done: false, value: ref("last") }));
          }),
      }),
    };
    setTimeout(() => controller.abort("enough"), 50);
    const { results, thrown } = await run(api().fetch, source, { signal });
    expect(thrown).toBe("enough");
    expect(results).toMatchObject([{ ref: ref("last"), outcome: "not-revoked", attempts: 0 }]);
  });

  test("a signal that has aborted before: the source is not even opened", async () => {
    const { source, state } = counted(3);
    const { thrown } = await run(api().fetch, source, { signal: AbortSignal.abort("before") });
    expect({ thrown, ...state }).toMatchObject({ thrown: "before", taken: 0, closed: false });
  });
});

describe("a source", () => {
  const failing = [
    [
      "a generator",
      function* () {
        yield* refs(5);
        throw new Error("disk gone");
      },
    ],
    [
      "an async generator",
      async function* () {
        yield* refs(5);
        throw new Error("disk gone");
      },
    ],
    [
      "a promise of a reference",
      function* () {
        yield* refs(5);
        yield Promise.reject(new Error("disk gone")) as unknown as TokenRef;
        yield* refs(5);
      },
    ],
  ] as const;
  test.each(failing)(
    "%s that fails ends the run with what it threw, after the results of what was taken",
    async (_, make) => {
      const server = api(() => sleep(20).then(ok));
      const { outcomes, thrown } = await run(server.fetch, make());
      expect(thrown).toMatchObject({ message: "disk gone" });
      expect(outcomes).toEqual(Array(5).fill("revoked"));
      expect(server.sent).toHaveLength(5);
    },
  );

  test("that has failed is neither asked again nor closed, as in a loop over it", async () => {
    const calls: string[] = [];
    const source = {
      [Symbol.iterator]() {
        return this;
      },
      next(): IteratorResult<TokenRef> {
        calls.push("next");
        throw new Error("disk gone");
      },
      return(): IteratorResult<TokenRef> {
        calls.push("return");
        return { done: true, value: undefined };
      },
    };
    expect((await run(api().fetch, source)).thrown).toMatchObject({ message: "disk gone" });
    expect(calls).toEqual(["next"]);
  });

  test("that cannot be closed changes nothing, nor does what it throws after an abort", async () => {
    const controller = new AbortController();
    const source: AsyncIterable<TokenRef> = {
      [Symbol.asyncIterator]: () => ({
        async next() {
          controller.abort("enough");
          throw new Error("after the abort");
        },
        async return() {
          throw new Error("cannot be closed");
        },
      }),
    };
    expect((await run(api().fetch, source, { signal: controller.signal })).thrown).toBe("enough");
  });

  test("that aborts the run while it is asked is heard", async () => {
    const controller = new AbortController();
    function* source() {
      yield* refs(3);
      controller.abort("enough");
      yield ref("last");
    }
    const { fetch, sent } = api();
    const { byName, thrown } = await run(fetch, source(), { signal: controller.signal });
    expect(thrown).toBe("enough");
    expect(sent).toEqual([]);
    expect(byName.last).toMatchObject({ attempts: 0 });
  });
});

test("no alarm is missed, though the clock goes on while a run looks what may start", async () => {
  let looks = 0;
  const clock = vi.spyOn(performance, "now").mockImplementation(() => Date.now() + ++looks / 3);
  const { fetch } = api((token, nth) => (nth === 1 && token.endsWith("3") ? answer(429) : ok()));
  const { outcomes } = await run(fetch, refs(200), { retries: 2 });
  clock.mockRestore();
  expect(outcomes).toEqual(Array(200).fill("revoked"));
});

test("what onPace throws changes nothing", async () => {
  const { fetch } = api((token, nth) => (token === "t0" && nth === 1 ? answer(429) : ok()));
  const onPace = () => {
    throw new Error("of the observer");
  };
  expect((await run(fetch, refs(3), { onPace })).outcomes).toEqual(Array(3).fill("revoked"));
});

describe("bad arguments are refused at the call", () => {
  const call = (source: unknown, options?: unknown) => () =>
    createKaitenClient({ baseUrl: BASE, token: TOKEN }).serviceAccounts.tokens.revokeAll(
      source as TokenRef[],
      options as BulkOptions,
    );
  test.each([undefined, null, 7, "text", {}, ref("a")])("%j as references", (source) => {
    expect(call(source)).toThrow(TypeError);
    expect(call(source)).toThrow("iterable");
  });
  test.each([0, 257, 1.5, "8", null])("concurrency %j", (concurrency) => {
    expect(call([], { concurrency })).toThrow("concurrency must be a whole number from 1 to 256");
  });
  test("an option that does not exist", () => {
    expect(call([], { parallel: 3 })).toThrow("There is no option parallel");
  });
});
