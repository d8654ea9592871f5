// Refreshes of a refused token: concurrent refusals share one, later ones get their own.
import { getEventListeners } from "node:events";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createCredential } from "../../src/call/credential.js";
import { createKaitenClient, type Fetch, type TokenProvider } from "../../src/index.js";
import { answer, BASE, never, page, problem, REF, revoke as revokeOnce, TOKEN } from "./fake-api.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** An API that accepts only these tokens, and answers each request after a while. */
function api(accepted: Set<string>, delays: number[] = []) {
  const sent: string[] = [];
  const fetch: Fetch = async (_, { headers }) => {
    const token = new Headers(headers).get("authorization")?.slice("Bearer ".length) ?? "";
    sent.push(token);
    await sleep(delays.shift() ?? 0);
    return answer(accepted.has(token) ? 204 : 401);
  };
  return { fetch, sent };
}

function revoker(token: TokenProvider, fetch: Fetch) {
  const client = createKaitenClient({ baseUrl: BASE, token, fetch, retries: 0, timeout: 1_000 });
  return (tokenSlug: string, signal?: AbortSignal) =>
    client.serviceAccounts.tokens.revoke({ ...REF, tokenSlug }, { signal });
}

/** What became of the calls, after whatever time they take. */
async function settled<T>(calls: Promise<T>[]) {
  const all = Promise.allSettled(calls);
  await vi.runAllTimersAsync();
  return all;
}

const revoked = (attempts: number) => ({ status: "fulfilled", value: { outcome: "revoked", attempts } });
const failed = (error: object) => ({ status: "rejected", reason: error });

describe("a refused token", () => {
  test("is replaced once for all calls that were refused with it, also for one that learns of it later", async () => {
    const requested: (string | undefined)[] = [];
    const { fetch, sent } = api(new Set(["token-2"]), [0, 5, 60]);
    const revoke = revoker(async ({ rejected }) => {
      requested.push(rejected);
      await sleep(20);
      return rejected ? "token-2" : "token-1";
    }, fetch);
    const results = await settled(["a", "b", "c"].map((slug) => revoke(slug)));
    expect(results).toMatchObject(Array(3).fill(revoked(2)));
    expect(requested.filter((rejected) => rejected !== undefined)).toEqual(["token-1"]);
    expect(sent).toEqual([...Array(3).fill("token-1"), ...Array(3).fill("token-2")]);
  });

  test("is the one that was sent, not one that the provider gave too late for its attempt", async () => {
    const requested: (string | undefined)[] = [];
    const { fetch } = api(new Set(["token-2"]), [900]);
    const provider: TokenProvider = async ({ rejected }) => {
      const count = requested.push(rejected);
      if (count === 1) await sleep(2_000);
      return count === 2 ? "token-1" : "token-2";
    };
    const client = createKaitenClient({ baseUrl: BASE, token: provider, fetch, retries: 1, timeout: 1_000 });
    const [result] = await settled([client.serviceAccounts.tokens.revoke(REF)]);
    expect(requested).toEqual([undefined, undefined, "token-1"]);
    expect(result).toMatchObject(revoked(3));
  });

  test("is replaced again when it is refused in a later call", async () => {
    let refreshed = 1;
    const { fetch } = api(new Set(["token-2", "token-3"]));
    const revoke = revoker(({ rejected }) => (rejected ? `token-${++refreshed}` : "token-1"), fetch);
    expect(await settled([revoke("a")])).toMatchObject([revoked(2)]);
    expect(await settled([revoke("b")])).toMatchObject([revoked(2)]);
    expect(refreshed).toBe(3);
  });

  test("is not sent again when the provider returns it once more", async () => {
    const { fetch, sent } = api(new Set());
    expect(await settled([revoker(() => "token-1", fetch)("a")])).toMatchObject([failed({ status: 401, attempts: 1 })]);
    expect(sent).toEqual(["token-1"]);
  });

  test("is not sent again when it is a fixed one", async () => {
    const { error, requests, events } = revokeOnce(problem(401));
    expect(await error).toMatchObject({ status: 401, attempts: 1, outcome: "not-revoked" });
    expect([requests.length, events.length]).toEqual([1, 1]);
  });

  test("is replaced at most once a call", async () => {
    let given = 0;
    const { fetch, sent } = api(new Set());
    const revoke = revoker(() => `token-${++given}`, fetch);
    expect(await settled([revoke("a")])).toMatchObject([failed({ status: 401, attempts: 2 })]);
    expect(sent).toEqual(["token-1", "token-2"]);
  });

  test("is replaced for the rest of the call: the provider is not asked again", async () => {
    const requested: (string | undefined)[] = [];
    const token: TokenProvider = ({ rejected }) => {
      requested.push(rejected);
      return rejected ? "token-2" : "token-1";
    };
    const { result, requests } = revokeOnce([answer(401), answer(503), answer(204)], { client: { token } });
    await vi.runAllTimersAsync();
    expect(await result).toMatchObject({ outcome: "revoked", attempts: 3 });
    expect(requested).toEqual([undefined, "token-1"]);
    expect(requests.map(({ headers }) => headers.get("authorization"))).toEqual([
      "Bearer token-1",
      "Bearer token-2",
      "Bearer token-2",
    ]);
  });

  test("is replaced also where there are no retries, and at once", async () => {
    const token: TokenProvider = ({ rejected }) => (rejected ? "token-2" : "token-1");
    const { result, requests, events } = revokeOnce([page(401), answer(204)], { client: { token, retries: 0 } });
    await vi.runAllTimersAsync();
    expect(await result).toMatchObject({ outcome: "revoked", attempts: 2 });
    expect(events[0]?.delay).toBe(0);
    expect(requests[1]?.at).toBe(requests[0]?.at);
  });

  test("whose refresh fails, fails all the calls that share it, each with its own 401 and the reason", async () => {
    let refreshes = 0;
    const { fetch } = api(new Set());
    const revoke = revoker(async ({ rejected }) => {
      if (!rejected) return "token-1";
      refreshes++;
      await sleep(10);
      throw new Error("vault sealed");
    }, fetch);
    const error = failed({ status: 401, outcome: "not-revoked", cause: { message: "vault sealed" } });
    expect(await settled(["a", "b"].map((slug) => revoke(slug)))).toMatchObject([error, error]);
    expect(refreshes).toBe(1);
  });

  test("is replaced within the timeout of an attempt, or not at all", async () => {
    const token: TokenProvider = ({ rejected }) => (rejected ? never() : TOKEN);
    const { error } = revokeOnce(problem(401), { client: { token, timeout: 1_500 } });
    await vi.advanceTimersByTimeAsync(1_500);
    expect(await error).toMatchObject({ status: 401, outcome: "not-revoked" });
    expect((await error).message).toContain("the token provider gave no replacement: it took longer than 1.5 s");
  });
});

describe("a shared refresh", () => {
  test("goes on while one of the calls still waits for it", async () => {
    const { fetch } = api(new Set(["token-2"]));
    const revoke = revoker(async ({ rejected }) => {
      if (!rejected) return "token-1";
      await sleep(50);
      return "token-2";
    }, fetch);
    const controller = new AbortController();
    const calls = [revoke("a", controller.signal), revoke("b")];
    setTimeout(() => controller.abort("enough"), 20);
    expect(await settled(calls)).toMatchObject([failed({ name: "KaitenAbortError", cause: "enough" }), revoked(2)]);
  });

  test("is aborted when no call waits for it any more, and the next refusal starts another", async () => {
    const signals: AbortSignal[] = [];
    const { fetch } = api(new Set(["token-2"]));
    const revoke = revoker(async ({ rejected, signal }) => {
      if (!rejected) return "token-1";
      signals.push(signal);
      if (signals.length === 1) await never();
      return "token-2";
    }, fetch);
    const controllers = [new AbortController(), new AbortController()];
    const calls = controllers.map(({ signal }, index) => revoke(`${index}`, signal).catch((error: unknown) => error));
    await vi.advanceTimersByTimeAsync(20);
    controllers[0]?.abort("enough");
    await calls[0];
    expect(signals[0]?.aborted).toBe(false);
    controllers[1]?.abort("enough");
    await calls[1];
    expect(signals[0]?.aborted).toBe(true);
    expect(await settled([revoke("c")])).toMatchObject([revoked(2)]);
    expect(signals).toHaveLength(2);
  });

  test("that has ended cannot be aborted any more, and keeps no listener", async () => {
    const signals: AbortSignal[] = [];
    const credential = createCredential(({ rejected, signal }) => {
      signals.push(signal);
      return rejected ? "token-2" : "token-1";
    }, [])();
    const controller = new AbortController();
    await credential.getToken(controller.signal);
    expect(await credential.refresh(controller.signal)).toBe(true);
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
    controller.abort("late");
    expect(signals[1]?.aborted).toBe(false);
  });
});
