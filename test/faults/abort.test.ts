// An abort at any moment ends the call at once, with the caller's own reason, and leaves nothing behind.
import { getEventListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { type ClientOptions, createKaitenClient } from "../../src/index.js";
import { playScript, type Step } from "./server.js";
import { drip, problem, stall } from "./steps.js";

const REF = { serviceAccountSlug: "ci-bot", tokenSlug: "deploy-key" };
const TOKEN = "ksh_0123456789";
const REASON = { why: "the caller has had enough" };

const hang = () => new Promise<never>(() => {});

const heedless: ClientOptions["fetch"] = (url, init) => fetch(url, { ...init, signal: null });

interface Moment {
  name: string;
  step: Step;
  options?: Partial<ClientOptions>;
  /** How many requests the server has seen by then. */
  requests: number;
  /** Nobody but the fetch could free its connection, and it does not. */
  held?: true;
}

const MOMENTS: Moment[] = [
  { name: "while it waits for the token", step: stall(), options: { token: hang }, requests: 0 },
  { name: "in flight", step: stall(), requests: 1 },
  { name: "in the headers", step: drip(`HTTP/1.1 204 No Content\r\nX: ${"x".repeat(500)}`, 5), requests: 1 },
  {
    name: "in the body",
    step: stall("HTTP/1.1 403 No\r\nContent-Length: 9999\r\n\r\nhalf"),
    requests: 1,
  },
  { name: "in backoff", step: problem(503, {}, { "Retry-After": "30" }), options: { retries: 1 }, requests: 1 },
  {
    name: "while it waits for another token",
    step: problem(401),
    options: { token: ({ rejected }) => (rejected ? hang() : TOKEN) },
    requests: 1,
  },
  {
    name: "in flight, with a fetch that does not heed it",
    step: stall(),
    options: { fetch: heedless },
    requests: 1,
    held: true,
  },
  {
    name: "in the body, with a fetch that does not heed it",
    step: stall("HTTP/1.1 403 No\r\nContent-Length: 9999\r\n\r\nhalf"),
    options: { fetch: heedless },
    requests: 1,
  },
];

describe.each(MOMENTS)("an abort $name", ({ step, options, requests, held }) => {
  test("rejects at once with the signal's reason and leaves nothing behind", async () => {
    await using server = await playScript([step]);
    const { tokens } = createKaitenClient({
      baseUrl: server.url,
      token: TOKEN,
      timeout: 60_000,
      retries: 0,
      ...options,
    }).serviceAccounts;
    const controller = new AbortController();
    const call = tokens
      .revoke(REF, { signal: controller.signal })
      .catch((error: unknown) => ({ error, at: performance.now() }));
    await sleep(150);
    const aborted = performance.now();
    controller.abort(REASON);
    const { error, at } = (await call) as { error: unknown; at: number };
    expect(error).toBe(REASON);
    expect(at - aborted).toBeLessThan(100);
    expect(server.requests).toHaveLength(requests);
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
    if (!held) {
      for (let waited = 0; server.busy > 0 && waited < 500; waited += 10) await sleep(10);
      expect(server.busy, "sockets still in use").toBe(0);
    }
  });
});

test("a signal that has aborted before: nothing is asked for and nothing is sent", async () => {
  await using server = await playScript([stall()]);
  let asked = 0;
  const token = () => {
    asked++;
    return TOKEN;
  };
  const { tokens } = createKaitenClient({ baseUrl: server.url, token }).serviceAccounts;
  await expect(tokens.revoke(REF, { signal: AbortSignal.abort(REASON) })).rejects.toBe(REASON);
  expect({ asked, requests: server.requests.length }).toEqual({ asked: 0, requests: 0 });
});

test("an abort after the token was asked for, and before it came, sends nothing when it comes", async () => {
  await using server = await playScript([stall()]);
  let give = (_: string) => {};
  const token = () =>
    new Promise<string>((resolve) => {
      give = resolve;
    });
  const sent: string[] = [];
  const recording: ClientOptions["fetch"] = async (url) => {
    sent.push(url);
    return new Response(null, { status: 204 });
  };
  const { tokens } = createKaitenClient({ baseUrl: server.url, token, fetch: recording }).serviceAccounts;
  const controller = new AbortController();
  const call = tokens.revoke(REF, { signal: controller.signal });
  controller.abort(REASON);
  await expect(call).rejects.toBe(REASON);
  give(TOKEN);
  await sleep(20);
  expect(sent).toEqual([]);
});

test("the provider is told that nobody waits any more", async () => {
  let told: AbortSignal | undefined;
  const token: ClientOptions["token"] = ({ signal }) => {
    told = signal;
    return hang();
  };
  const { tokens } = createKaitenClient({ baseUrl: "https://kaiten.example.com", token }).serviceAccounts;
  const controller = new AbortController();
  const call = tokens.revoke(REF, { signal: controller.signal });
  await sleep(5);
  controller.abort(REASON);
  await expect(call).rejects.toBe(REASON);
  expect(told?.aborted).toBe(true);
});

test("an abort after the end of a call changes nothing", async () => {
  const fetch = async () => new Response(null, { status: 204 });
  const { tokens } = createKaitenClient({ baseUrl: "https://kaiten.example.com", token: TOKEN, fetch }).serviceAccounts;
  const controller = new AbortController();
  const result = await tokens.revoke(REF, { signal: controller.signal });
  controller.abort(REASON);
  expect(result).toEqual({ outcome: "revoked", attempts: 1 });
});
