// A fake of the API to test against: it revokes, refuses and fails as the real one does, and shows what is true.
import type { TokenRef } from "../types.js";
import { type Exchange, FAULTS, type Fault, NO_ROUTE, NO_SCOPE, NO_TOKEN, PROBLEMS } from "./faults.js";
import { listen } from "./listen.js";

export type { Fault };

export interface FakeOptions {
  /** The tokens that exist. One with a `secret` also authenticates, until it is revoked. */
  tokens?: Iterable<TokenRef & { secret?: string }>;
  /** A secret that is accepted, besides those of the tokens. @default "ksh_fake-credential" */
  credential?: string;
  /** What every secret may do. @default ["write:tokens"] */
  scopes?: readonly string[];
  /** How many requests with `ksh_…` secrets the gateway lets through in each second. @default no limit */
  rateLimit?: number;
  /** Ms until the answer. The request is carried out halfway, unless it was aborted by then. @default 0 */
  latency?: number | ((request: FakeRequest, random: () => number) => number);
  /** Makes repeatable what is random: ids, `latency`, and the `rate` of a fault. @default 1 */
  seed?: number;
  /** The clock, in ms. @default Date.now */
  now?: () => number;
}

/** A request that arrived, without its credential. */
export interface FakeRequest {
  method: string;
  path: string;
  ref: TokenRef | undefined;
  /** ISO time, by the fake's clock. */
  at: string;
  fault: Fault | undefined;
  /** Whether this request revoked the token. */
  committed: boolean;
  /** The status. Absent before the answer, and without one. */
  answered?: number;
}

export interface FakeKaiten {
  baseUrl: string;
  credential: string;
  /** For the client's option of this name. Only the path of the URL counts. */
  fetch(url: string | URL, init?: RequestInit): Promise<Response>;
  /** Serves the fake on 127.0.0.1, by default at any free port. Node only. */
  listen(port?: number): Promise<{ url: string; close(): Promise<void> }>;
  /**
   * Plays a fault to the next request, or to the next `times`; to those for `ref` only; to each with the chance `rate`
   * (0 to 1). Of several faults for a request, the oldest is played. Returns a function that ends the fault.
   */
  play(fault: Fault, options?: { times?: number; ref?: TokenRef; rate?: number }): () => void;
  /** All accepted secrets with their scopes. Change it to expire or renew a credential. */
  credentials: Map<string, readonly string[]>;
  /** Whether the token has not been revoked, whatever was answered. */
  isAlive(ref: TokenRef): boolean;
  alive(): TokenRef[];
  /** In the order of arrival. May be emptied. */
  requests: FakeRequest[];
}

/**
 * Creates a fake that keeps its tokens in memory.
 *
 * @example
 * const fake = createFakeKaiten({ tokens: [ref] });
 * const kaiten = createKaitenClient({ baseUrl: fake.baseUrl, token: fake.credential, fetch: fake.fetch });
 */
export function createFakeKaiten(options: FakeOptions = {}): FakeKaiten {
  const { credential = "ksh_fake-credential", scopes = ["write:tokens"], latency = 0, seed = 1 } = options;
  const { rateLimit = Number.POSITIVE_INFINITY, now = () => Date.now() } = options;
  const random = createRandom(seed);
  const newId = () => Array.from({ length: 32 }, () => Math.floor(random() * 16).toString(16)).join("");
  const tokens = new Map(Array.from(options.tokens ?? [], (token) => [keyOf(token), token]));
  const credentials = new Map([[credential, scopes]]);
  for (const { secret } of tokens.values()) if (secret) credentials.set(secret, scopes);
  const staleUntil = new Map<string, number>();
  const plays = new Set<{ fault: Fault; key: string | undefined; times: number; rate: number }>();
  const requests: FakeRequest[] = [];
  let window = { second: 0, count: 0 };

  function faultFor(ref: TokenRef | undefined, secret: string | undefined): Fault | undefined {
    // The gateway's limiter has a fixed window, and does not limit JWTs.
    const second = Math.floor(now() / 1000);
    if (second !== window.second) window = { second, count: 0 };
    if (secret?.startsWith("ksh_") && ++window.count > rateLimit) return "gateway-429";
    const key = ref && keyOf(ref);
    const play = [...plays].find((each) => (each.key ?? key) === key && random() < each.rate);
    if (play && --play.times <= 0) plays.delete(play);
    return play?.fault;
  }

  function exchangeFor(request: FakeRequest, secret: string | undefined, traceId: string): Exchange {
    const trace = { "kaiten-traceid": traceId };
    const problem: Exchange["problem"] = (status, members, more) => {
      const [title, section] = PROBLEMS[status];
      const type = `https://tools.ietf.org/html/${section}`;
      const headers = { "content-type": "application/problem+json", ...trace, ...more };
      return new Response(JSON.stringify({ type, title, status, ...members, errorId: newId() }), { status, headers });
    };
    const api: Exchange["api"] = (replica) => {
      if (!request.ref) return problem(404, NO_ROUTE);
      if (!secret) return problem(401, { code: "Auth.NoIdentity", detail: "The request has no identity." });
      const isStale = replica === "stale" && now() < (staleUntil.get(secret) ?? 0);
      const granted = isStale ? scopes : credentials.get(secret);
      if (!granted) return problem(401, { code: "ValidateToken.Invalid", detail: "The token is not valid." });
      if (!granted.includes("write:tokens")) return problem(403, NO_SCOPE);
      const token = tokens.get(keyOf(request.ref));
      if (!token) return problem(404, NO_TOKEN);
      request.committed = tokens.delete(keyOf(token));
      if (token.secret && credentials.delete(token.secret)) staleUntil.set(token.secret, now() + 5 * 60_000);
      return new Response(null, { status: 204, headers: trace });
    };
    return { api, problem };
  }

  async function fetch(url: string | URL, { method = "GET", headers, signal }: RequestInit = {}): Promise<Response> {
    signal?.throwIfAborted();
    const { pathname: path } = new URL(url);
    const sent = new Headers(headers);
    const secret = /^Bearer (.+)/i.exec(sent.get("authorization") ?? "")?.[1];
    const traceId = /^\w\w-(\w{32})-/.exec(sent.get("traceparent") ?? "")?.[1] ?? newId();
    const [, serviceAccountSlug, tokenSlug] = (method === "DELETE" && ROUTE.exec(path)?.map(decodeURIComponent)) || [];
    const ref = serviceAccountSlug && tokenSlug ? { serviceAccountSlug, tokenSlug } : undefined;
    const at = new Date(now()).toISOString();
    const request: FakeRequest = { method, path, ref, at, fault: faultFor(ref, secret), committed: false };
    requests.push(request);
    const half = (typeof latency === "number" ? latency : latency(request, random)) / 2;
    await pause(half, signal);
    const exchange = exchangeFor(request, secret, traceId);
    const answer = request.fault ? FAULTS[request.fault](exchange) : exchange.api();
    await pause(answer ? half : Number.POSITIVE_INFINITY, signal);
    request.answered = answer?.status;
    return answer as Response;
  }

  return {
    baseUrl: "https://kaiten.example/api",
    credential,
    fetch,
    listen: (port = 0) => listen(fetch, port),
    play(fault, { times = 1, ref, rate = 1 } = {}) {
      const play = { fault, key: ref && keyOf(ref), times, rate };
      if (times > 0) plays.add(play);
      return () => void plays.delete(play);
    },
    credentials,
    isAlive: (ref) => tokens.has(keyOf(ref)),
    alive: () => Array.from(tokens.values(), ({ secret, ...ref }) => ref),
    requests,
  };
}

const ROUTE = /^\/api\/service-accounts\/([^/]+)\/tokens\/([^/]+)$/;

const keyOf = ({ serviceAccountSlug, tokenSlug }: TokenRef) => `${serviceAccountSlug}/${tokenSlug}`;

async function pause(ms: number, signal: AbortSignal | null | undefined): Promise<void> {
  if (ms === 0) return;
  signal?.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const timer = Number.isFinite(ms) ? setTimeout(resolve, ms) : undefined;
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}

/** Numbers from 0 to 1, the same for the same seed. */
function createRandom(seed: number): () => number {
  let state = Math.imul(seed + 1, 0x9e3779b1);
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
