// Many tokens at once: a result each, in the order they settle, and an end that leaves nothing in the dark.
import { getEventListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import {
  type BulkOptions,
  type ClientOptions,
  createKaitenClient,
  KaitenError,
  type TokenRef,
  type TokenResult,
} from "../../src/index.js";

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

function revokeAll(
  fetch: ClientOptions["fetch"],
  source: Iterable<TokenRef> | AsyncIterable<TokenRef>,
  options?: BulkOptions,
) {
  const client = createKaitenClient({ baseUrl: BASE, token: "ksh_0123456789", fetch, retries: 0 });
  return client.serviceAccounts.tokens.revokeAll(source, options);
}

async function collect(results: AsyncIterable<TokenResult>): Promise<TokenResult[]> {
  const all: TokenResult[] = [];
  for await (const result of results) all.push(result);
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
    [256, 100],
  ])("concurrency %j", async (concurrency, most) => {
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
    await results.next();
    await sleep(30);
    expect(state.taken).toBeLessThanOrEqual(4 * 2 + 1);
    for (let taken = 0; taken < 20; taken++) await results.next();
    await sleep(30);
    expect(state.taken).toBeLessThanOrEqual(4 * 2 + 21);
    await results.return();
  });

  test("nothing is asked for or sent before the first result is", async () => {
    const { source, state } = counted(10);
    const { fetch, seen } = api();
    revokeAll(fetch, source);
    await sleep(10);
    expect({ taken: state.taken, sent: seen.length }).toEqual({ taken: 0, sent: 0 });
  });
});

describe("a refused credential", () => {
  test("401 ends the run: the rest are yielded as not attempted, with the refusal", async () => {
    let answered = 0;
    const { fetch, seen } = api(() => (answered++ < 10 ? new Response(null, { status: 204 }) : problem(401)));
    const results = await collect(revokeAll(fetch, refs(100), { concurrency: 2 }));
    expect(results).toHaveLength(100);
    expect(seen.length).toBeLessThanOrEqual(12);
    const unattempted = results.filter(({ attempts }) => attempts === 0);
    expect(unattempted).toHaveLength(100 - seen.length);
    for (const { outcome, error } of unattempted) {
      expect(outcome).toBe("not-revoked");
      expect(error).toMatchObject({
        outcome: "not-revoked",
        attempts: 0,
        message:
          "Not attempted, since the credential was refused before. The token was not revoked: if it was active, it still is. Mend the credential and run it again.",
        cause: { name: "KaitenProblemError", status: 401 },
      });
    }
  });

  test("401 does not end the run when the provider has another token", async () => {
    const sent = (url: string, { headers }: RequestInit) =>
      Promise.resolve(
        new Headers(headers).get("authorization") === "Bearer ksh_second"
          ? new Response(null, { status: 204 })
          : problem(401, url),
      );
    const client = createKaitenClient({
      baseUrl: BASE,
      fetch: sent,
      token: ({ rejected }) => (rejected ? "ksh_second" : "ksh_first"),
    });
    const results = await collect(client.serviceAccounts.tokens.revokeAll(refs(30)));
    expect(results.every(({ outcome }) => outcome === "revoked")).toBe(true);
  });

  test("403 ends the run when it comes twenty times in a row, not before", async () => {
    const { fetch, seen } = api(() => problem(403));
    const results = await collect(revokeAll(fetch, refs(100), { concurrency: 1 }));
    expect(seen).toHaveLength(20);
    expect(results.filter(({ attempts }) => attempts === 0)).toHaveLength(80);
  });

  test("403 does not end the run where others succeed in between", async () => {
    let answered = 0;
    const { fetch, seen } = api(() => (answered++ % 20 === 19 ? new Response(null, { status: 204 }) : problem(403)));
    await collect(revokeAll(fetch, refs(100), { concurrency: 1 }));
    expect(seen).toHaveLength(100);
  });

  test.each([400, 404, 429, 500])("%i does not end the run, however often it comes", async (status) => {
    const { fetch, seen } = api(() => problem(status));
    await collect(revokeAll(fetch, refs(50), { concurrency: 1 }));
    expect(seen).toHaveLength(50);
  });

  test("nor do connections that are lost", async () => {
    const { fetch, seen } = api(() => Promise.reject(new Error("lost")));
    await collect(revokeAll(fetch, refs(50), { concurrency: 1 }));
    expect(seen).toHaveLength(50);
  });

  test("403 with a page counts as well", async () => {
    const { fetch, seen } = api(() => new Response("no", { status: 403 }));
    await collect(revokeAll(fetch, refs(50), { concurrency: 1 }));
    expect(seen).toHaveLength(20);
  });
});

describe("an early end", () => {
  test("break stops new work, waits for what is in flight, and closes the source", async () => {
    const { source, state } = counted(1000);
    const server = api(async () => {
      await sleep(30);
      return new Response(null, { status: 204 });
    });
    for await (const _ of revokeAll(server.fetch, source, { concurrency: 4 })) break;
    expect(server.inFlight()).toBe(0);
    expect(state.closed).toBe(true);
    const { length } = server.seen;
    await sleep(50);
    expect(server.seen).toHaveLength(length);
    expect(length).toBeLessThanOrEqual(9);
  });

  test("break does not wait for a source that is blocked", async () => {
    const { source, state } = counted(1000, 2);
    for await (const _ of revokeAll(api().fetch, source, { concurrency: 8 })) break;
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
    for await (const { outcome } of revokeAll(api().fetch, unclosable)) {
      expect(outcome).toBe("revoked");
      break;
    }
    // An unhandled rejection would fail the run.
    await sleep(1);
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
    await expect(run()).rejects.toBe("enough");
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
    await expect(run()).rejects.toBe("enough");
    expect(results).toHaveLength(3);
    expect(state.closed).toBe(true);
  });

  test("an abort when all was taken already changes nothing", async () => {
    const controller = new AbortController();
    const { fetch } = api(async () => {
      controller.abort("late");
      return new Response(null, { status: 204 });
    });
    expect(await collect(revokeAll(fetch, refs(3), { concurrency: 8, signal: controller.signal }))).toHaveLength(3);
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
    await expect(run()).rejects.toMatchObject({ message: "disk gone" });
    expect(results.map(({ outcome }) => outcome)).toEqual(Array(5).fill("revoked"));
    expect(server.seen).toHaveLength(5);
  });

  test.each([
    ["fails", () => Promise.reject(new Error("disk gone")), { message: "disk gone" }],
    [
      "cannot be waited for",
      () => {
        const { proxy, revoke } = Proxy.revocable({}, {});
        revoke();
        return proxy;
      },
      { name: "TypeError" },
    ],
  ])("a promise of a reference that %s is a source that throws, and the source is closed", async (_, make, thrown) => {
    let closed = false;
    function* source() {
      try {
        yield* refs(5);
        yield make() as TokenRef;
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
    await expect(run()).rejects.toMatchObject(thrown);
    expect(results).toHaveLength(server.seen.length);
    expect(results.length).toBeGreaterThanOrEqual(5);
    expect(closed).toBe(true);
  });

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
    await expect(run()).rejects.toBe("enough");
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
    expect(result?.error?.message).toMatch(/^The connection failed: .*(something was thrown|cannot be)/);
  });
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
