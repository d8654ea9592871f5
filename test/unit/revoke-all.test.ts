// Many tokens at once: a result each, in the order they settle, and an end that leaves nothing in the dark.
import { getEventListeners } from "node:events";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  type BulkOptions,
  type BulkRefs,
  type ClientOptions,
  createKaitenClient,
  KaitenError,
  type TokenRef,
  type TokenResult,
} from "../../src/index.js";

beforeEach(() => {
  vi.useFakeTimers({ now: new Date("2026-11-23T12:00:00Z") });
});
afterEach(() => {
  vi.useRealTimers();
});

/** In the time of the test. */
const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

const BASE = "https://kaiten.example.com/api";
const ref = (tokenSlug: string): TokenRef => ({ serviceAccountSlug: "ci-bot", tokenSlug });
const refs = (count: number): TokenRef[] => Array.from({ length: count }, (_, index) => ref(`t${index}`));

/** An API that answers a token's slug as it is told, and counts what is in flight. */
function api(answer: (slug: string) => Response | Promise<Response> = () => new Response(null, { status: 204 })) {
  const seen: string[] = [];
  let inFlight = 0;
  let most = 0;
  const fetch = async (url: string) => {
    const slug = url.split("/").at(-1) ?? "";
    seen.push(slug);
    most = Math.max(most, ++inFlight);
    try {
      await sleep(1);
      return await answer(slug);
    } finally {
      inFlight--;
    }
  };
  return { fetch, seen, most: () => most, inFlight: () => inFlight };
}

const problem = (status: number, code?: string) =>
  new Response(JSON.stringify({ code }), { status, headers: { "Content-Type": "application/problem+json" } });

function revokeAll(fetch: ClientOptions["fetch"], source: BulkRefs, options?: BulkOptions) {
  const client = createKaitenClient({ baseUrl: BASE, token: "ksh_0123456789", fetch, retries: 0 });
  return client.serviceAccounts.tokens.revokeAll(source, options);
}

/** Lets time pass until a run has ended. */
async function passing<T>(run: Promise<T>): Promise<T> {
  run.catch(() => {});
  await vi.runAllTimersAsync();
  return run;
}

async function collect(results: AsyncIterable<TokenResult>): Promise<TokenResult[]> {
  const all: TokenResult[] = [];
  const run = async () => {
    for await (const result of results) all.push(result);
  };
  await passing(run());
  return all;
}

/** A source that counts what was taken of it and knows when it was closed. */
function counted(count: number, blockAt = Number.POSITIVE_INFINITY) {
  const state = { taken: 0, closed: false };
  const source: AsyncIterable<TokenRef> = {
    [Symbol.asyncIterator]: () => ({
      next: async () => {
        if (state.taken === blockAt) await new Promise(() => {});
        return state.taken < count
          ? { done: false, value: ref(`t${state.taken++}`) }
          : { done: true, value: undefined };
      },
      return: async () => {
        state.closed = true;
        return { done: true, value: undefined };
      },
    }),
  };
  return { source, state };
}

describe("a result per reference", () => {
  test.each([
    ["a list", () => refs(30)],
    ["a set", () => new Set(refs(30))],
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
    const given = source();
    const results = await collect(revokeAll(api().fetch, given));
    expect(results.map((result) => result.ref.tokenSlug).sort()).toEqual(
      refs(30)
        .map((one) => one.tokenSlug)
        .sort(),
    );
    expect(results.every(({ outcome, attempts, error }) => outcome === "revoked" && attempts === 1 && !error)).toBe(
      true,
    );
  });

  test("comes as it settles, not in the order of the references", async () => {
    const { fetch } = api(async (slug) => {
      if (slug === "t0") await sleep(80);
      return new Response(null, { status: 204 });
    });
    const results = await collect(revokeAll(fetch, refs(20), { concurrency: 2 }));
    expect(results.at(-1)?.ref.tokenSlug).toBe("t0");
  });

  test("carries the reference as it was given, and an error only where it did not reach its goal", async () => {
    const answers: Record<string, () => Response> = {
      gone: () => problem(404, "Token.NotFound"),
      bad: () => problem(422),
      broken: () => problem(500),
      fine: () => new Response(null, { status: 204 }),
    };
    const { fetch } = api((slug) => answers[slug]?.() ?? problem(400));
    const given = Object.keys(answers).map(ref);
    const byName = async (options: BulkOptions) => {
      const results = await collect(revokeAll(fetch, given, options));
      expect(results.every((result) => given.includes(result.ref))).toBe(true);
      return Object.fromEntries(results.map((result) => [result.ref.tokenSlug, [result.outcome, result.error?.name]]));
    };
    const rest = {
      bad: ["not-revoked", "KaitenProblemError"],
      broken: ["unknown", "KaitenProblemError"],
      fine: ["revoked", undefined],
    };
    expect(await byName({})).toEqual({ ...rest, gone: ["absent", "KaitenProblemError"] });
    expect(await byName({ ignoreAbsent: true })).toEqual({ ...rest, gone: ["absent", undefined] });
  });

  test("is there for a bad reference too, which is never sent", async () => {
    const { fetch, seen } = api();
    const bad = [ref(".."), ref(""), null, undefined, 7, {}, { serviceAccountSlug: "a" }] as TokenRef[];
    const results = await collect(revokeAll(fetch, [...bad, ref("good")]));
    expect(results).toHaveLength(bad.length + 1);
    for (const result of results.filter((one) => one.ref?.tokenSlug !== "good")) {
      expect(result).toMatchObject({ outcome: "not-revoked", attempts: 0, error: expect.any(TypeError) });
    }
    expect(seen).toEqual(["good"]);
    const unsure = { ...ref("good"), maybeRevoked: "yes" } as unknown as TokenRef;
    const [result] = await collect(revokeAll(fetch, [unsure]));
    expect(result?.error?.message).toBe("maybeRevoked must be true or false. Nothing was sent.");
  });

  test("comes for nothing at all as nothing", async () => {
    expect(await collect(revokeAll(api().fetch, []))).toEqual([]);
  });
});

describe("how much at once", () => {
  test.each([
    [undefined, 8],
    [1, 1],
    [3, 3],
    [256, 20],
  ])("concurrency %j has at most %i in flight in a run of a hundred: it starts with 16", async (concurrency, most) => {
    const server = api(async () => {
      await sleep(5);
      return new Response(null, { status: 204 });
    });
    await collect(revokeAll(server.fetch, refs(100), { concurrency }));
    expect(server.most()).toBe(most);
  });

  test("the source is asked for no more than is taken", async () => {
    const { source, state } = counted(1000);
    const results = revokeAll(api().fetch, source, { concurrency: 4 });
    await passing(results.next());
    expect(state.taken).toBe(1 + 4);
    for (let taken = 0; taken < 20; taken++) await passing(results.next());
    expect(state.taken).toBe(21 + 4);
    await passing(results.return());
  });

  test("the source is asked for no more than may be sent", async () => {
    let taken = 0;
    function* source() {
      for (const one of refs(100)) {
        taken++;
        yield one;
      }
    }
    const { fetch } = api(() => sleep(1_000).then(() => new Response(null, { status: 204 })));
    const results = revokeAll(fetch, source(), { concurrency: 64 });
    const first = results.next();
    await vi.advanceTimersByTimeAsync(500);
    expect(taken).toBe(16);
    expect(await collect(results)).toHaveLength(99);
    await first;
  });

  test("nothing is asked for or sent before the first result is", async () => {
    const { source, state } = counted(10);
    const { fetch, seen } = api();
    revokeAll(fetch, source);
    await vi.advanceTimersByTimeAsync(10);
    expect({ taken: state.taken, sent: seen.length }).toEqual({ taken: 0, sent: 0 });
  });
});

describe("a run stops when to go on is pointless: the rest are not attempted", () => {
  const unattempted = (results: TokenResult[]) => results.filter(({ attempts }) => attempts === 0);

  test("at the first 401 of a fixed credential", async () => {
    let answered = 0;
    const { fetch, seen } = api(() => (answered++ < 10 ? new Response(null, { status: 204 }) : problem(401)));
    const results = await collect(revokeAll(fetch, refs(100), { concurrency: 1 }));
    expect(results).toHaveLength(100);
    expect(seen).toHaveLength(11);
    expect(unattempted(results)).toHaveLength(89);
    for (const { outcome, error } of unattempted(results)) {
      expect(outcome).toBe("not-revoked");
      expect(error).toMatchObject({
        name: "KaitenNotAttemptedError",
        outcome: "not-revoked",
        attempts: 0,
        summary: "The run stopped before this token's turn: nothing was sent for it. If it was active, it still is.",
        cause: { name: "KaitenProblemError", status: 401 },
      });
    }
  });

  test("a token that may have been revoked before is then unknown", async () => {
    const { fetch } = api(() => problem(401));
    const results = await collect(
      revokeAll(fetch, [ref("t0"), { ...ref("t1"), maybeRevoked: true }], { concurrency: 1 }),
    );
    expect(results[1]).toMatchObject({ outcome: "unknown", attempts: 0, error: { name: "KaitenNotAttemptedError" } });
    expect(results[1]?.error?.message).toContain("An earlier attempt may have revoked it.");
  });

  test("not at a 401 that a refreshed token cures", async () => {
    const sent = async (_: string, { headers }: RequestInit) =>
      new Headers(headers).get("authorization") === "Bearer ksh_second"
        ? new Response(null, { status: 204 })
        : problem(401);
    const client = createKaitenClient({
      baseUrl: BASE,
      fetch: sent,
      token: ({ rejected }) => (rejected ? "ksh_second" : "ksh_first"),
    });
    const results = await collect(client.serviceAccounts.tokens.revokeAll(refs(30)));
    expect(results.every(({ outcome }) => outcome === "revoked")).toBe(true);
  });

  test("not at a 401 that is no problem, until it is an outage", async () => {
    const { fetch, seen } = api(() => new Response("no", { status: 401 }));
    await collect(revokeAll(fetch, refs(50), { concurrency: 1 }));
    expect(seen).toHaveLength(8);
  });

  test("at 401s of a proxy, though the provider always has another token", async () => {
    const { fetch, seen } = api(() => new Response("<h1>Sign in", { status: 401 }));
    let issued = 0;
    const client = createKaitenClient({ baseUrl: BASE, fetch, token: () => `ksh_token-number-${issued++}` });
    const outcomes: string[] = [];
    const run = async () => {
      for await (const { outcome } of client.serviceAccounts.tokens.revokeAll(refs(50))) {
        outcomes.push(outcome);
      }
      outcomes.push("end");
    };
    void run();
    await vi.runAllTimersAsync();
    expect(outcomes).toEqual([...Array(50).fill("not-revoked"), "end"]);
    // Each of the first eight may have tried its second token before the eighth answer came.
    expect(seen.length).toBeLessThanOrEqual(16);
  });

  test("at the first 403 Auth.MissingScope, not at another 403 of the API", async () => {
    const missing = api(() => problem(403, "Auth.MissingScope"));
    expect(await collect(revokeAll(missing.fetch, refs(50), { concurrency: 1 }))).toHaveLength(50);
    expect(missing.seen).toHaveLength(1);
    const other = api(() => problem(403, "Auth.Other"));
    await collect(revokeAll(other.fetch, refs(50), { concurrency: 1 }));
    expect(other.seen).toHaveLength(50);
  });

  test.each<[string, () => Response]>([
    ["NOT_FOUND", () => problem(404, "NOT_FOUND")],
    ["a page", () => new Response("<h1>no", { status: 404 })],
  ])("at the third 404 in a row that is %s, if nothing was ever answered", async (_, answer) => {
    const missing = api(answer);
    const results = await collect(revokeAll(missing.fetch, refs(50), { concurrency: 1 }));
    expect(missing.seen).toHaveLength(3);
    expect(unattempted(results)).toHaveLength(47);
    expect(unattempted(results)[0]?.error).toMatchObject({ cause: { status: 404 } });

    let answered = 0;
    const later = api(() => (answered++ === 0 ? new Response(null, { status: 204 }) : answer()));
    await collect(revokeAll(later.fetch, refs(7), { concurrency: 1 }));
    expect(later.seen).toHaveLength(7);
  });

  test("two missing routes and then an answer do not stop it", async () => {
    let answered = 0;
    const { fetch, seen } = api(() => (answered++ < 2 ? problem(404, "NOT_FOUND") : problem(422)));
    await collect(revokeAll(fetch, refs(50), { concurrency: 1 }));
    expect(seen).toHaveLength(50);
  });

  test.each([400, 404, 422])("not at a %i of the API, however often it comes", async (status) => {
    const { fetch, seen } = api(() => problem(status, "Some.Code"));
    await collect(revokeAll(fetch, refs(50), { concurrency: 1 }));
    expect(seen).toHaveLength(50);
  });

  test("at a Retry-After of a 429 that is longer than the caller allows", async () => {
    const limited = () => new Response("limit", { status: 429, headers: { "Retry-After": "120" } });
    const { fetch, seen } = api(limited);
    const results = await collect(revokeAll(fetch, refs(50), { concurrency: 1 }));
    expect(seen).toHaveLength(1);
    expect(unattempted(results)).toHaveLength(49);
  });

  test("at a 429 that stops the run, no observer is told of a next attempt", async () => {
    const { fetch } = api(async (slug) => {
      if (slug === "t0") return new Response(null, { status: 429, headers: { "Retry-After": "3600" } });
      await sleep(10);
      return problem(503);
    });
    const onAttempt = vi.fn();
    const client = createKaitenClient({ baseUrl: BASE, token: "ksh_0123456789", fetch, onAttempt });
    const results = await collect(client.serviceAccounts.tokens.revokeAll(refs(2)));
    expect(results).toMatchObject([{ outcome: "not-revoked" }, { outcome: "unknown", attempts: 1 }]);
    for (const [event] of onAttempt.mock.calls) expect(event).not.toHaveProperty("delay");
  });

  test("after maxRetryAfter with nothing but 429s", async () => {
    const { fetch, seen } = api(() => new Response("limit", { status: 429 }));
    const started = Date.now();
    const results = await collect(revokeAll(fetch, refs(50), { concurrency: 4 }));
    expect(Date.now() - started).toBeGreaterThanOrEqual(60_000);
    expect(Date.now() - started).toBeLessThan(63_000);
    expect(results.every(({ outcome }) => outcome === "not-revoked")).toBe(true);
    expect(seen.length).toBeLessThan(70);
  });

  test("not by 429s that end before: they do not use up the retries", async () => {
    const began = Date.now();
    const { fetch } = api(() => new Response(null, { status: Date.now() - began < 30_000 ? 429 : 204 }));
    const results = await collect(revokeAll(fetch, refs(50), { concurrency: 4 }));
    expect(results.every(({ outcome }) => outcome === "revoked")).toBe(true);
  });

  test.each<[string, () => Response | Promise<Response>]>([
    ["500", () => problem(500)],
    ["connections that are lost", () => Promise.reject(new Error("lost"))],
    ["403s of the gateway", () => new Response(null, { status: 403 })],
    ["login pages", () => new Response("<h1>Sign in", { status: 200 })],
  ])("after eight attempts in a row that met nothing but %s, if nothing was ever answered", async (_, answer) => {
    const { fetch, seen } = api(answer);
    const results = await collect(revokeAll(fetch, refs(300), { concurrency: 1 }));
    expect(seen).toHaveLength(8);
    expect(results).toHaveLength(300);
  });

  test("after maxRetryAfter of an outage, and then it has cost few requests", async () => {
    let answered = 0;
    const { fetch, seen } = api(() => (answered++ < 100 ? new Response(null, { status: 204 }) : problem(503)));
    const results = await collect(revokeAll(fetch, refs(300), { concurrency: 8 }));
    expect(results.filter(({ outcome }) => outcome === "revoked")).toHaveLength(100);
    // Those in flight, and those that took the place of the held ones until it was an outage.
    expect(unattempted(results).length).toBeGreaterThanOrEqual(200 - 16);
    expect(seen.length).toBeLessThan(100 + 16 + 15);
  });
});

describe("an outage in the middle of a run", () => {
  test.each<[string, () => Response | Promise<Response>]>([
    ["503", () => problem(503)],
    ["connections that are refused", () => Promise.reject(Object.assign(new Error("no"), { code: "ECONNREFUSED" }))],
    ["login pages", () => new Response("<h1>Sign in", { status: 200 })],
  ])("of %s for ten seconds leaves no token active and costs few requests", async (kind, answer) => {
    let began = 0;
    let wasted = 0;
    const { fetch } = api(() => {
      if (seen.length === 100) began = Date.now();
      if (began === 0 || Date.now() - began > 10_000) return new Response(null, { status: 204 });
      wasted++;
      return answer();
    });
    const seen: string[] = [];
    const counting: typeof fetch = (url) => {
      seen.push(url);
      return fetch(url);
    };
    const states: string[] = [];
    const onPace = ({ state }: { state: string }) => states.push(state);
    const results = await collect(revokeAll(counting, refs(300), { concurrency: 8, retries: 2, onPace }));
    // The first answers that are none settle: a login page is not worth another attempt.
    const settled = results.filter(({ outcome }) => outcome !== "revoked").length;
    if (kind === "login pages") expect(settled).toBeLessThan(8);
    else expect(settled).toBe(0);
    expect(wasted).toBeLessThan(8 * 3 + 10);
    expect(states).toEqual(["outage", "running"]);
  });

  test("a call that runs out of retries gets one more attempt after the next answer", async () => {
    let tries = 0;
    const { fetch, seen } = api((slug) =>
      slug === "t0" && tries++ < 1 ? problem(500) : new Response(null, { status: 204 }),
    );
    const results = await collect(revokeAll(fetch, refs(3), { concurrency: 1 }));
    expect(seen).toEqual(["t0", "t1", "t0", "t2"]);
    expect(results.every(({ outcome }) => outcome === "revoked")).toBe(true);
  });

  test("a call gets no second further attempt, and meanwhile others take its place at once", async () => {
    const { fetch, seen } = api((slug) => (slug === "t0" ? problem(500) : new Response(null, { status: 204 })));
    const began = Date.now();
    const results = await collect(revokeAll(fetch, refs(4), { concurrency: 1 }));
    expect(seen).toEqual(["t0", "t1", "t0", "t2", "t3"]);
    expect(results[1]).toMatchObject({ outcome: "unknown", attempts: 2 });
    expect(Date.now() - began).toBeLessThan(1_000);
  });

  test("others take the place of a held call, also while nobody asks for the next result", async () => {
    let tries = 0;
    const { fetch } = api((slug) =>
      slug === "t2" && tries++ === 0 ? problem(500) : new Response(null, { status: 204 }),
    );
    const run = async () => {
      const outcomes: string[] = [];
      for await (const { outcome } of revokeAll(fetch, refs(6), { concurrency: 2 })) {
        outcomes.push(outcome);
        await sleep(90_000);
      }
      return outcomes;
    };
    expect(await passing(run())).toEqual(Array(6).fill("revoked"));
  });

  test("a call whose answer came after that of another settles: the fault is its own", async () => {
    const { fetch, seen } = api((slug) =>
      slug === "t0" ? sleep(30).then(() => problem(500)) : new Response(null, { status: 204 }),
    );
    await collect(revokeAll(fetch, refs(3), { concurrency: 2 }));
    expect(seen).toEqual(["t0", "t1", "t2"]);
  });

  test("a call that may go on waits for a pause to end, however long it was held before", async () => {
    let tries = 0;
    const { fetch } = api(async (slug) => {
      if (slug === "t0" && tries++ === 0) return problem(500);
      if (slug === "t1") await sleep(4_900);
      if (slug === "t2" && tries === 1) {
        tries++;
        await sleep(4_800);
        return new Response(null, { status: 429, headers: { "Retry-After": "4" } });
      }
      return new Response(null, { status: 204 });
    });
    const client = createKaitenClient({
      baseUrl: BASE,
      token: "ksh_0123456789",
      fetch,
      retries: 0,
      maxRetryAfter: 5_000,
    });
    const results = await collect(client.serviceAccounts.tokens.revokeAll(refs(3), { concurrency: 2 }));
    expect(results.map(({ outcome }) => outcome)).toEqual(["revoked", "revoked", "revoked"]);
    expect(results.find(({ ref }) => ref.tokenSlug === "t0")).toMatchObject({ attempts: 2 });
  });

  test("a slug that turns out to be the token settles at once", async () => {
    const began = Date.now();
    let answered = 0;
    const { fetch } = api(() => {
      const works = answered++ === 0 || Date.now() - began > 5_000;
      return works ? new Response(null, { status: 204 }) : problem(503);
    });
    let asked = 0;
    const token = async () => {
      if (asked++ === 1) await sleep(1_000);
      return "secret-as-a-slug";
    };
    const client = createKaitenClient({ baseUrl: BASE, token, fetch });
    const list = [ref("t0"), ref("secret-as-a-slug"), ...refs(10).slice(2)];
    const run = async () => {
      let revoked = 0;
      for await (const { outcome, error } of client.serviceAccounts.tokens.revokeAll(list, { concurrency: 10 })) {
        if (outcome === "revoked") revoked++;
        else expect({ outcome, error, ms: Date.now() - began }).toMatchObject({ outcome: "not-revoked", ms: 1_000 });
      }
      return revoked;
    };
    expect(await passing(run())).toBe(9);
  });

  test("a token that fails alone settles when others were answered", async () => {
    const { fetch, seen } = api((slug) => (slug === "t0" ? problem(500) : new Response(null, { status: 204 })));
    const results = await collect(revokeAll(fetch, refs(30), { concurrency: 2 }));
    expect(seen.filter((slug) => slug === "t0").length).toBeLessThanOrEqual(2);
    expect(results.find(({ ref }) => ref.tokenSlug === "t0")).toMatchObject({ outcome: "unknown" });
  });

  test("a held call settles after maxRetryAfter, also where the source waits for its result", async () => {
    const { fetch, seen } = api((slug) => (slug === "t1" ? problem(500) : new Response(null, { status: 204 })));
    let next = () => {};
    async function* waitsForResults() {
      for (const one of refs(3)) {
        yield one;
        await new Promise<void>((resolve) => {
          next = resolve;
        });
      }
    }
    const outcomes: string[] = [];
    const started = Date.now();
    const run = async () => {
      for await (const { outcome } of revokeAll(fetch, waitsForResults(), { concurrency: 1 })) {
        outcomes.push(outcome);
        setTimeout(() => next(), 1);
      }
    };
    let ended = false;
    void run().then(() => {
      ended = true;
    });
    await vi.runAllTimersAsync();
    expect(ended).toBe(true);
    expect(outcomes).toEqual(["revoked", "unknown", "revoked"]);
    expect(seen).toEqual(["t0", "t1", "t2"]);
    expect(Date.now() - started).toBeLessThan(61_000);
  });

  test("with maxRetryAfter 0 the last call of a list settles at once", async () => {
    const { fetch } = api((slug) => (slug === "t1" ? problem(500) : new Response(null, { status: 204 })));
    const client = createKaitenClient({ baseUrl: BASE, token: "ksh_0123456789", fetch, retries: 0, maxRetryAfter: 0 });
    const outcomes: string[] = [];
    const run = async () => {
      for await (const { outcome } of client.serviceAccounts.tokens.revokeAll(refs(2), { concurrency: 1 })) {
        outcomes.push(outcome);
      }
      outcomes.push("end");
    };
    void run();
    await vi.runAllTimersAsync();
    expect(outcomes).toEqual(["revoked", "unknown", "end"]);
  });

  test("a run of a single token ends as a call on its own does", async () => {
    const { fetch, seen } = api(() => problem(503));
    const onPace = vi.fn();
    const [result] = await collect(revokeAll(fetch, refs(1), { retries: 2, onPace }));
    expect(seen).toHaveLength(3);
    expect(onPace).not.toHaveBeenCalled();
    expect(result).toMatchObject({ outcome: "unknown", attempts: 3, status: 503 });
  });

  test("at the end of a list the last calls wait it out", async () => {
    let began = 0;
    const { fetch } = api((slug) => {
      if (slug === "t9" && began === 0) began = Date.now();
      return began > 0 && Date.now() - began < 10_000 ? problem(503) : new Response(null, { status: 204 });
    });
    const results = await collect(revokeAll(fetch, refs(10), { concurrency: 1 }));
    expect(results.every(({ outcome }) => outcome === "revoked")).toBe(true);
  });
});

describe("pace", () => {
  test("a run pauses as a whole for a 429, and halves the number in flight", async () => {
    const at: number[] = [];
    const began = Date.now();
    const { fetch } = api(() => {
      at.push(Date.now() - began);
      return new Response(null, at.length === 20 ? { status: 429, headers: { "Retry-After": "5" } } : { status: 204 });
    });
    const paces: unknown[] = [];
    const results = await collect(
      revokeAll(fetch, refs(60), { concurrency: 8, onPace: (event) => void paces.push(event) }),
    );
    expect(results.every(({ outcome }) => outcome === "revoked")).toBe(true);
    expect(paces).toEqual([{ state: "paused", ms: 5_000 }, { state: "running" }]);
    // Sent before the pause, or after it.
    expect(at.filter((ms) => ms > 10 && ms < 5_000)).toEqual([]);
  });

  test("after a pause, while more is in flight than now may be, nothing is polled", async () => {
    const timers = vi.spyOn(globalThis, "setTimeout");
    const { fetch } = api(async (slug) => {
      if (slug === "t0") return new Response(null, { status: 429, headers: { "Retry-After": "1" } });
      await sleep(10_000);
      return new Response(null, { status: 204 });
    });
    const results = revokeAll(fetch, refs(8), { concurrency: 8 });
    const first = results.next();
    await vi.advanceTimersByTimeAsync(5_000);
    // Node would make a millisecond of it.
    expect(timers.mock.calls.map(([, ms]) => ms)).not.toContain(Number.POSITIVE_INFINITY);
    timers.mockRestore();
    const stopped = collect(results);
    await first;
    expect(await stopped).toHaveLength(7);
  });

  test("what onPace throws changes nothing", async () => {
    let answered = 0;
    const { fetch } = api(() => new Response(null, { status: answered++ === 0 ? 429 : 204 }));
    const onPace = () => {
      throw new Error("of the observer");
    };
    const results = await collect(revokeAll(fetch, refs(3), { onPace }));
    expect(results).toHaveLength(3);
  });
});

describe("an early end", () => {
  test("break stops new work, waits for what is in flight, and closes the source", async () => {
    const { source, state } = counted(1000);
    let requests = 0;
    const server = api(async () => {
      await sleep(30 * ++requests);
      return new Response(null, { status: 204 });
    });
    const run = async () => {
      for await (const _ of revokeAll(server.fetch, source, { concurrency: 4 })) break;
      return server.inFlight();
    };
    expect(await passing(run())).toBe(0);
    expect(state.closed).toBe(true);
    const { length } = server.seen;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(server.seen).toHaveLength(length);
    expect(length).toBeLessThanOrEqual(9);
  });

  test("break does not wait for a source that is blocked", async () => {
    const { source, state } = counted(1000, 2);
    const run = async () => {
      for await (const _ of revokeAll(api().fetch, source, { concurrency: 8 })) break;
    };
    await passing(run());
    expect(state.closed).toBe(true);
  });

  test("a source that cannot be closed changes nothing", async () => {
    const { source } = counted(1000);
    let closed = 0;
    const unclosable: AsyncIterable<TokenRef> = {
      [Symbol.asyncIterator]: () => ({
        next: () => source[Symbol.asyncIterator]().next(),
        return: async () => {
          closed++;
          throw new Error("cannot be closed");
        },
      }),
    };
    const run = async () => {
      for await (const { outcome } of revokeAll(api().fetch, unclosable)) return outcome;
    };
    expect(await passing(run())).toBe("revoked");
    expect(closed).toBe(1);
  });

  test("an abort yields what was in flight, closes the source, and throws the signal's reason", async () => {
    const { source, state } = counted(1000);
    const server = api(async () => {
      await sleep(20);
      return new Response(null, { status: 204 });
    });
    const controller = new AbortController();
    const results: TokenResult[] = [];
    const run = async () => {
      for await (const result of revokeAll(server.fetch, source, { concurrency: 4, signal: controller.signal })) {
        results.push(result);
        if (results.length === 6) controller.abort("enough");
      }
    };
    await expect(passing(run())).rejects.toBe("enough");
    expect(results).toHaveLength(server.seen.length);
    expect(results.every(({ outcome }) => outcome === "revoked")).toBe(true);
    expect(server.seen.length).toBeLessThan(20);
    expect(state.closed).toBe(true);
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
  });

  test("an abort while all that may be is in flight takes nothing more", async () => {
    const { source, state } = counted(1000);
    const controller = new AbortController();
    const server = api(async () => {
      controller.abort("enough");
      await sleep(20);
      return new Response(null, { status: 204 });
    });
    const run = revokeAll(server.fetch, source, { concurrency: 2, signal: controller.signal });
    await expect(collect(run)).rejects.toBe("enough");
    expect(server.seen).toHaveLength(2);
    expect(state).toEqual({ taken: 2, closed: true });
  });

  test("a run that has ended does not listen to the signal any more", async () => {
    const { signal } = new AbortController();
    await collect(revokeAll(api().fetch, refs(3), { signal }));
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  test("an abort ends a run whose source is blocked", async () => {
    const { source, state } = counted(1000, 3);
    const controller = new AbortController();
    const results: TokenResult[] = [];
    const run = async () => {
      for await (const result of revokeAll(api().fetch, source, { signal: controller.signal })) results.push(result);
    };
    setTimeout(() => controller.abort("enough"), 50);
    await expect(passing(run())).rejects.toBe("enough");
    expect(results).toHaveLength(3);
    expect(state.closed).toBe(true);
  });

  test("an abort when all references were taken yields their results, then throws", async () => {
    const controller = new AbortController();
    const { fetch } = api(async () => {
      controller.abort("late");
      return new Response(null, { status: 204 });
    });
    const results: TokenResult[] = [];
    const run = async () => {
      for await (const result of revokeAll(fetch, refs(3), { signal: controller.signal })) results.push(result);
    };
    await expect(passing(run())).rejects.toBe("late");
    expect(results.map(({ outcome }) => outcome)).toEqual(["revoked", "revoked", "revoked"]);
  });

  test("an abort when all results are known changes nothing", async () => {
    const controller = new AbortController();
    const results: TokenResult[] = [];
    const run = async () => {
      for await (const result of revokeAll(api().fetch, refs(3), { signal: controller.signal })) {
        results.push(result);
        if (results.length === 3) controller.abort("late");
      }
    };
    await passing(run());
    expect(results).toHaveLength(3);
  });

  test.each([1, 2])("an abort while attempt %i waits for its token sends nothing", async (attempt) => {
    const controller = new AbortController();
    const { fetch, seen } = api(() => new Response(null, { status: 503 }));
    let asked = 0;
    const token = async () => {
      if (++asked === attempt) {
        await sleep(300);
        controller.abort("enough");
        await sleep(300);
      }
      return "ksh_0123456789";
    };
    const onAttempt = vi.fn();
    const client = createKaitenClient({ baseUrl: BASE, token, fetch, retries: 1, onAttempt });
    const results: TokenResult[] = [];
    const run = async () => {
      const { signal } = controller;
      const options = { signal, concurrency: 1 };
      for await (const result of client.serviceAccounts.tokens.revokeAll(refs(2), options)) results.push(result);
    };
    await expect(passing(run())).rejects.toBe("enough");
    expect(seen).toHaveLength(attempt - 1);
    expect(onAttempt.mock.lastCall).toMatchObject([{ number: attempt, error: "The run was stopped" }]);
    expect(results).toMatchObject([
      attempt === 1
        ? { outcome: "not-revoked", attempts: 0, error: { name: "KaitenNotAttemptedError", cause: "enough" } }
        : { outcome: "unknown", attempts: 2, error: { name: "KaitenError" } },
    ]);
  });

  test.each([
    ["in backoff", 503, "unknown"],
    ["in a pause", 429, "not-revoked"],
  ])("an abort settles a call %s at once, and no further attempt starts", async (_, status, outcome) => {
    const controller = new AbortController();
    const { fetch, seen } = api(() => new Response(null, { status, headers: { "Retry-After": "30" } }));
    const client = createKaitenClient({ baseUrl: BASE, token: "ksh_0123456789", fetch });
    const results: TokenResult[] = [];
    const run = async () => {
      const { signal } = controller;
      for await (const result of client.serviceAccounts.tokens.revokeAll(refs(4), { signal })) results.push(result);
    };
    const ended = run();
    ended.catch(() => {});
    await vi.advanceTimersByTimeAsync(1_000);
    controller.abort("enough");
    await vi.advanceTimersByTimeAsync(0);
    await expect(ended).rejects.toBe("enough");
    expect(results).toHaveLength(4);
    expect(results[0]).toMatchObject({ outcome, attempts: 1, error: { name: "KaitenResponseError" } });
    expect(seen).toHaveLength(4);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("a signal that has aborted before: the source is not even opened", async () => {
    const { source, state } = counted(3);
    await expect(collect(revokeAll(api().fetch, source, { signal: AbortSignal.abort("before") }))).rejects.toBe(
      "before",
    );
    expect(state).toEqual({ taken: 0, closed: false });
  });

  test.each([
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
  ])("%s that throws ends the run with what it threw, after the results of what was taken", async (_, source) => {
    const server = api(async () => {
      await sleep(20);
      return new Response(null, { status: 204 });
    });
    const results: TokenResult[] = [];
    const run = async () => {
      for await (const result of revokeAll(server.fetch, source())) results.push(result);
    };
    await expect(passing(run())).rejects.toMatchObject({ message: "disk gone" });
    expect(results.map(({ outcome }) => outcome)).toEqual(Array(5).fill("revoked"));
    expect(server.seen).toHaveLength(5);
  });

  test.each([["fails", () => Promise.reject(new Error("disk gone")), { message: "disk gone" }]])(
    "a promise of a reference that %s is a source that throws, and the source is closed",
    async (_, make, thrown) => {
      let closed = false;
      function* source() {
        try {
          yield* refs(5);
          yield make() as unknown as TokenRef;
          yield* refs(5);
        } finally {
          closed = true;
        }
      }
      const server = api(async () => {
        await sleep(20);
        return new Response(null, { status: 204 });
      });
      const results: TokenResult[] = [];
      const run = async () => {
        for await (const result of revokeAll(server.fetch, source(), { concurrency: 6 })) results.push(result);
      };
      await expect(passing(run())).rejects.toMatchObject(thrown);
      expect(results).toHaveLength(server.seen.length);
      expect(results.length).toBeGreaterThanOrEqual(5);
      expect(closed).toBe(true);
    },
  );

  test("an abort does not wait for a promise of a reference", async () => {
    const controller = new AbortController();
    let closed = false;
    const source = Object.assign([ref("a"), new Promise<never>(() => {}) as never].values(), {
      return() {
        closed = true;
        return { done: true as const, value: undefined };
      },
    });
    const results: TokenResult[] = [];
    const run = async () => {
      for await (const result of revokeAll(api().fetch, source, { signal: controller.signal })) {
        results.push(result);
        controller.abort("enough");
      }
    };
    await expect(passing(run())).rejects.toBe("enough");
    expect(results).toMatchObject([{ outcome: "revoked" }]);
    // It had ended by itself.
    expect(closed).toBe(false);
  });

  test("a source that has failed is neither asked again nor closed, as in a loop over it", async () => {
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
    await expect(collect(revokeAll(api().fetch, source, { concurrency: 4 }))).rejects.toMatchObject({
      message: "disk gone",
    });
    expect(calls).toEqual(["next"]);
  });
});

describe("what a fetch throws that cannot be looked at is unknown, as the request may have been carried out", () => {
  test.each([
    ["a code that is no text", { code: Object.create(null) }],
    [
      "a getter that throws",
      Object.defineProperty({}, "code", {
        get: () => {
          throw undefined;
        },
      }),
    ],
    [
      "a proxy that is revoked",
      (() => {
        const { proxy, revoke } = Proxy.revocable({}, {});
        revoke();
        return proxy;
      })(),
    ],
  ])("%s", async (_, thrown) => {
    const { fetch } = api(() => Promise.reject(thrown));
    const [result] = await collect(revokeAll(fetch, refs(1)));
    expect(result).toMatchObject({ outcome: "unknown", attempts: 1, error: { name: "KaitenConnectionError" } });
    expect(result?.error?.message).toMatch(/^The connection failed: .*(was thrown)/);
  });
});

test.each<[string, () => unknown]>([
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
          get: () => {
            throw new Error("odd");
          },
        },
      ),
  ],
  ["has a maybeRevoked that is no boolean", () => ({ ...ref("t"), maybeRevoked: "yes" })],
])("a reference that %s is a bad one, and the run goes on", async (_, make) => {
  const odd = make() as TokenRef;
  const results = await collect(revokeAll(api().fetch, [ref("a"), odd, ref("b")], { concurrency: 1 }));
  expect(results.map(({ outcome }) => outcome)).toEqual(["revoked", "not-revoked", "revoked"]);
  expect(results[1]).toMatchObject({ attempts: 0, error: expect.any(TypeError) });
});

test("what a source throws after an abort changes nothing", async () => {
  const controller = new AbortController();
  const source = {
    [Symbol.asyncIterator]: () => ({
      next: async () => {
        controller.abort("enough");
        throw new Error("after the abort");
      },
    }),
  };
  await expect(collect(revokeAll(api().fetch, source, { signal: controller.signal }))).rejects.toBe("enough");
});

test("a reference whose slug is the provider's token is a bad one, and nothing is sent for it", async () => {
  const { fetch, seen } = api();
  const client = createKaitenClient({ baseUrl: BASE, token: () => "secret-as-a-slug", fetch });
  const results = await collect(client.serviceAccounts.tokens.revokeAll([ref("secret-as-a-slug")]));
  expect(results).toMatchObject([{ outcome: "not-revoked", attempts: 0, error: { name: "TypeError" } }]);
  expect(seen).toEqual([]);
});

test("a slug that is the token of a later attempt is a bad one, and the earlier request is counted", async () => {
  const { fetch, seen } = api(() => problem(401));
  const token = ({ rejected }: { rejected?: string }) => (rejected ? "secret-as-a-slug" : "another-token");
  const client = createKaitenClient({ baseUrl: BASE, token, fetch });
  const [result] = await collect(client.serviceAccounts.tokens.revokeAll([ref("secret-as-a-slug")]));
  expect(result).toMatchObject({ outcome: "not-revoked", attempts: 1, error: { name: "TypeError" } });
  expect(result?.error?.message).not.toContain("Nothing was sent");
  expect(result?.error?.message).toContain("The request before, with another token, was not carried out.");
  expect(seen).toEqual(["secret-as-a-slug"]);
});

test("while the only request allowed waits for its retry, another token gets its turn", async () => {
  let limited = true;
  const { fetch, seen } = api((slug) => {
    if (slug === "t0" && limited) return new Response(null, { status: 429 });
    return new Response(null, { status: { t0: 500, t1: 302 }[slug] ?? 204 });
  });
  void sleep(500).then(() => {
    limited = false;
  });
  const client = createKaitenClient({ baseUrl: BASE, token: "ksh_0123456789", fetch, retries: 1 });
  await collect(client.serviceAccounts.tokens.revokeAll(refs(3), { concurrency: 2 }));
  expect(seen.slice(0, 5)).toEqual(["t0", "t1", "t0", "t2", "t0"]);
});

test("whatever else is thrown proves nothing: unknown", async () => {
  const randomOf = vi.spyOn(Math, "random").mockImplementation(() => {
    throw new Error("no random numbers");
  });
  const results = await collect(revokeAll(api().fetch, refs(1)));
  randomOf.mockRestore();
  expect(results).toMatchObject([{ outcome: "unknown", error: { name: "TypeError", cause: { message: /random/ } } }]);
});

test("results that need no waiting let timers and signals be served", async () => {
  vi.useRealTimers();
  const { fetch } = api(() => problem(401));
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort("stopped"), 20);
  const run = async () => {
    for await (const _ of revokeAll(fetch, refs(10_000_000), { signal: controller.signal }));
  };
  await expect(run()).rejects.toBe("stopped");
  clearTimeout(timer);
});

test("a token that may have been revoked before, and is absent now, has reached its goal", async () => {
  const { fetch } = api(() => problem(404, "Token.NotFound"));
  const results = await collect(
    revokeAll(fetch, [{ ...ref("t0"), maybeRevoked: true }, ref("t1")], { concurrency: 1 }),
  );
  expect(results).toMatchObject([{ outcome: "absent" }, { outcome: "absent", error: { name: "KaitenProblemError" } }]);
  expect(results[0]).not.toHaveProperty("error");
});

test("no reference is lost where a source says that it has ended before it gives the last one", async () => {
  let asked = 0;
  const source: AsyncIterable<TokenRef> = {
    [Symbol.asyncIterator]: () => ({
      next: async () => {
        if (asked++ > 0) return { done: true, value: undefined };
        await sleep(1_000);
        return { done: false, value: ref("t0") };
      },
    }),
  };
  expect(await collect(revokeAll(api().fetch, source))).toMatchObject([{ outcome: "revoked" }]);
});

test("a reference that cannot be read is a bad one", async () => {
  const unreadable = {
    get serviceAccountSlug(): string {
      throw "broken";
    },
    tokenSlug: "t",
  };
  const [result] = await collect(revokeAll(api().fetch, [unreadable]));
  expect(result).toMatchObject({ outcome: "not-revoked", attempts: 0, error: expect.any(TypeError) });
  expect(result?.error).toMatchObject({ message: "The reference cannot be read.", cause: "broken" });
});

describe("bad arguments are refused at the call", () => {
  const call = (source: unknown, options?: unknown) => () =>
    revokeAll(api().fetch, source as TokenRef[], options as BulkOptions);
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

test("no reference's error is an error of another kind", async () => {
  const { fetch } = api(() => {
    throw new Error("network");
  });
  const [result] = await collect(revokeAll(fetch, refs(1)));
  expect(result?.error).toBeInstanceOf(KaitenError);
});
