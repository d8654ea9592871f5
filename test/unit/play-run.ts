// Gateways and APIs as they refuse and fail, and a run against them in a time of its own: what pace.test.ts plays.
import { vi } from "vitest";
import { createKaitenClient, type TokenRef, type TokenResult } from "../../src/index.js";

/** What a server does with a request. @property status 0: there is no connection. */
interface Reply {
  status: number;
  /** In ms. */
  latency?: number;
  /** In seconds. */
  retryAfter?: number;
}
/** @param token its index; undefined for a read of the record. */
export type Server = (request: { ms: number; token: number | undefined; random: () => number }) => Reply;

export interface Row {
  tokens: number;
  concurrency: number;
  server: Server;
  /** The token that the source gives only at a time, in ms, and all after it. */
  pause?: { at: number; until: number };
}

const FINE: Reply = { status: 204 };

export const fine = (): Server => () => FINE;

/** No connection for a time. */
export const down =
  (from: number, to: number, latency = 5): Server =>
  ({ ms }) =>
    ms >= from && ms < to ? { status: 0, latency: 1 } : { status: 204, latency };

/** Some tokens that always fail. */
export const bad =
  (isBad: (token: number) => boolean, status = 500, retryAfter?: number): Server =>
  ({ token }) =>
    token !== undefined && isBad(token) ? { status, ...(retryAfter && { retryAfter }) } : FINE;

/** So many in each second. */
export function fixedWindow(perSecond: number, status: number, latency: number): Server {
  let second = -1;
  let count = 0;
  return ({ ms }) => {
    const current = Math.floor((ms + latency / 2) / 1_000);
    if (current !== second) count = 0;
    second = current;
    return { status: ++count > perSecond ? status : 204, latency };
  };
}

/** nginx's `limit_req`: a leaky bucket, by default without a burst. */
export function spacing(perSecond: number, status: number, burst = 0, latency = 10): Server {
  let excess = 0;
  let last = Number.NEGATIVE_INFINITY;
  return ({ ms }) => {
    const level = Math.max(0, excess - ((ms - last) * perSecond) / 1_000) + 1;
    if (level > burst + 1 + 1e-9) return { status, latency };
    excess = level;
    last = ms;
    return { status: 204, latency };
  };
}

/** The first answers take long, as where connections and processes begin. In ms. */
export const slowStart =
  (server: Server, latency: number): Server =>
  (request) => ({ ...server(request), ...(request.ms < 50 && { latency }) });

/** Requests arrive up to so many ms late. */
export const late =
  (server: Server, most: number): Server =>
  (request) =>
    server({ ...request, ms: request.ms + request.random() * most });

/** Refusals that have nothing to do with the rate. */
export function everyTenth(latency: number): Server {
  let count = 0;
  return () => ({ status: ++count % 10 === 0 ? 429 : 204, latency });
}

/** Each service account has ten tokens. */
const refOf = (token: number): TokenRef => ({
  serviceAccountSlug: `bot-${Math.floor(token / 10)}`,
  tokenSlug: String(token),
});

export interface Played {
  ms: number;
  /** In the order they came, each with its time. */
  results: (TokenResult & { ms: number })[];
  /** How many tokens are not revoked. */
  alive: number;
  requests: number;
  refused: number;
  /** The most for one token. */
  attempts: number;
}

/** @param seed of all that is random. */
export async function play({ tokens, concurrency, server, pause }: Row, seed: number): Promise<Played> {
  vi.useFakeTimers({ now: 0, toFake: ["setTimeout", "clearTimeout", "Date", "performance"] });
  const { random } = Math;
  let state = seed;
  Math.random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  try {
    const alive = new Set(Array.from({ length: tokens }, (_, index) => index));
    const attempts = new Map<number, number>();
    let requests = 0;
    let refused = 0;
    const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
    const fetch = async (url: string) => {
      const name = /tokens\/(\d+)$/.exec(url)?.[1];
      const token = name === undefined ? undefined : Number(name);
      const { status, latency = 5, retryAfter } = server({ ms: Date.now(), token, random: Math.random });
      requests++;
      if (token !== undefined) attempts.set(token, (attempts.get(token) ?? 0) + 1);
      if (status === 429 || status === 503) refused++;
      if (status === 204 && token !== undefined) alive.delete(token);
      await sleep(latency);
      if (status === 0) throw Object.assign(new Error("connect"), { code: "ECONNREFUSED" });
      const headers: HeadersInit = retryAfter ? { "Retry-After": String(retryAfter) } : {};
      if (status !== 204) return new Response(null, { status, headers });
      if (token !== undefined) return new Response(null, { status });
      const slug = new URL(url).pathname.split("/").at(-1) ?? "";
      const entries = Array.from({ length: 10 }, (_, index) => Number(slug.replace("bot-", "")) * 10 + index);
      const revoked = { revokedAt: "2026-11-23T12:00:00Z" };
      return Response.json({
        slug,
        tokens: entries.map((index) => ({ slug: String(index), ...(!alive.has(index) && revoked) })),
      });
    };
    async function* source(): AsyncGenerator<TokenRef> {
      for (let index = 0; index < tokens; index++) {
        if (index === pause?.at) await sleep(pause.until - Date.now());
        yield refOf(index);
      }
    }
    const client = createKaitenClient({
      ...{ baseUrl: "https://kaiten.example.com/api", token: "ksh_0123456789", fetch, traceparent: false },
    });
    const results: Played["results"] = [];
    let ended = false;
    const run = async () => {
      const given = pause ? source() : Array.from(alive, refOf);
      for await (const result of client.serviceAccounts.tokens.revokeAll(given, { concurrency }))
        results.push({ ...result, ms: Date.now() });
    };
    const running = run().finally(() => {
      ended = true;
    });
    for (;;) {
      // All that can happen without the passing of time.
      await new Promise((resolve) => setImmediate(resolve));
      if (ended) break;
      if (vi.getTimerCount() === 0) throw new Error("The run waits for nothing.");
      vi.advanceTimersToNextTimer();
    }
    await running;
    if (new Set(results.map(({ ref }) => ref.tokenSlug)).size !== tokens || results.length !== tokens)
      throw new Error("A reference was lost.");
    return { ms: Date.now(), results, alive: alive.size, requests, refused, attempts: Math.max(...attempts.values()) };
  } finally {
    Math.random = random;
    vi.useRealTimers();
  }
}
