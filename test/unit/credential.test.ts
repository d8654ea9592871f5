// Refreshes of a refused token: concurrent refusals share one, later ones get their own.

import { getEventListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { createCredential } from "../../src/call/credential.js";
import { createKaitenClient, type TokenProvider } from "../../src/index.js";

/** An API that takes only the tokens it is given, answering each request after a while. */
function api(accepted: Set<string>, delays: number[] = []) {
  const sent: string[] = [];
  const fetch = async (_: string, { headers }: RequestInit) => {
    const token = new Headers(headers).get("authorization")?.slice("Bearer ".length) ?? "";
    sent.push(token);
    await sleep(delays.shift() ?? 0);
    return new Response(null, { status: accepted.has(token) ? 204 : 401 });
  };
  return { fetch, sent };
}

function revoker(token: TokenProvider, fetch: (url: string, init: RequestInit) => Promise<Response>) {
  const client = createKaitenClient({
    baseUrl: "https://kaiten.example.com",
    token,
    fetch,
    retries: 0,
    timeout: 1_000,
  });
  return (slug: string, signal?: AbortSignal) =>
    client.serviceAccounts.tokens.revoke({ serviceAccountSlug: "ci-bot", tokenSlug: slug }, { signal });
}

describe("a refused token", () => {
  test("is replaced once for all calls that were refused with it, also for one that is told later", async () => {
    const asked: (string | undefined)[] = [];
    const { fetch, sent } = api(new Set(["token-2"]), [0, 5, 60]);
    const revoke = revoker(async ({ rejected }) => {
      asked.push(rejected);
      await sleep(20);
      return rejected ? "token-2" : "token-1";
    }, fetch);
    const results = await Promise.all(["a", "b", "c"].map((slug) => revoke(slug)));
    expect(results).toEqual(Array(3).fill({ outcome: "revoked", attempts: 2 }));
    expect(asked.filter((rejected) => rejected !== undefined)).toEqual(["token-1"]);
    expect(sent).toEqual([...Array(3).fill("token-1"), ...Array(3).fill("token-2")]);
  });

  test("is asked about again when it is refused in a later call", async () => {
    let refreshed = 1;
    const { fetch } = api(new Set(["token-2", "token-3"]));
    const revoke = revoker(({ rejected }) => (rejected ? `token-${++refreshed}` : "token-1"), fetch);
    await revoke("a");
    await revoke("b");
    expect(refreshed).toBe(3);
  });

  test("is not sent again when the provider gives it once more", async () => {
    const { fetch, sent } = api(new Set());
    await expect(revoker(() => "token-1", fetch)("a")).rejects.toMatchObject({ status: 401, attempts: 1 });
    expect(sent).toEqual(["token-1"]);
  });

  test("is replaced at most once a call", async () => {
    let given = 0;
    const { fetch, sent } = api(new Set());
    await expect(revoker(() => `token-${++given}`, fetch)("a")).rejects.toMatchObject({ status: 401, attempts: 2 });
    expect(sent).toEqual(["token-1", "token-2"]);
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
    const errors = await Promise.all(["a", "b"].map((slug) => revoke(slug).catch((error: unknown) => error)));
    for (const error of errors) {
      expect(error).toMatchObject({ status: 401, outcome: "not-revoked", cause: { message: "vault sealed" } });
    }
    expect(refreshes).toBe(1);
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
    const first = revoke("a", controller.signal);
    const second = revoke("b");
    await sleep(20);
    controller.abort("enough");
    await expect(first).rejects.toBe("enough");
    await expect(second).resolves.toEqual({ outcome: "revoked", attempts: 2 });
  });

  test("is told when nobody waits for it any more, and the next refusal starts another", async () => {
    const signals: AbortSignal[] = [];
    const { fetch } = api(new Set(["token-2"]));
    const revoke = revoker(async ({ rejected, signal }) => {
      if (!rejected) return "token-1";
      signals.push(signal);
      if (signals.length === 1) await new Promise(() => {});
      return "token-2";
    }, fetch);
    const controllers = [new AbortController(), new AbortController()];
    const calls = controllers.map(({ signal }, index) => revoke(`${index}`, signal).catch((reason: unknown) => reason));
    await sleep(20);
    controllers[0]?.abort("enough");
    await calls[0];
    expect(signals[0]?.aborted).toBe(false);
    controllers[1]?.abort("enough");
    await calls[1];
    expect(signals[0]?.aborted).toBe(true);
    await expect(revoke("c")).resolves.toEqual({ outcome: "revoked", attempts: 2 });
    expect(signals).toHaveLength(2);
  });

  test("that has ended cannot be aborted any more, and listens to nobody", async () => {
    const told: AbortSignal[] = [];
    const { replace } = createCredential(({ signal }) => {
      told.push(signal);
      return "token-2";
    });
    const controller = new AbortController();
    await replace?.({ token: "token-1", refreshes: 0 }, controller.signal);
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
    controller.abort("late");
    expect(told[0]?.aborted).toBe(false);
  });
});
