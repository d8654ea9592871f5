// A fake of the API to test against: it revokes, refuses and fails as the real one does, and shows what is true.
import { onAbort, pause } from "../call/deadline.js";
import type { TokenRef } from "../types.js";
import { type Exchange, FAULTS, type Fault, isMetBy, PROBLEMS } from "./faults.js";
import { listen } from "./listen.js";
import { complete, type FakeToken, isDead, USER } from "./record.js";

export type { FakeToken, Fault };

export interface FakeOptions {
  /** The tokens that exist, and with them their service accounts. */
  tokens?: Iterable<FakeToken>;
  /** A secret that is accepted, besides those of the tokens. @default "ksh_fake-credential" */
  credential?: string;
  /** What a secret may do, unless its token says otherwise. @default ["write:tokens"] */
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
  /** The token that a DELETE names. */
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
   * Plays a fault to the next request that can meet it, or to the next `times`; only to those for `ref` and the record of
   * its account; to each with the chance `rate` (0 to 1). Of several faults, the oldest is played. Returns what ends it.
   */
  play(fault: Fault, options?: { times?: number; ref?: TokenRef; rate?: number }): () => void;
  /** All secrets with their scopes. Change it to expire or renew a credential. */
  credentials: Map<string, readonly string[]>;
  /** Whether the token is neither revoked nor expired, whatever was answered. */
  isAlive(ref: TokenRef): boolean;
  alive(): TokenRef[];
  /** In the order of arrival. May be emptied. */
  requests: FakeRequest[];
}

/**
 * Creates a fake that keeps its tokens in memory.
 * @example
 * const fake = createFakeKaiten({ tokens: [ref] });
 * const kaiten = createKaitenClient({ baseUrl: fake.baseUrl, token: fake.credential, fetch: fake.fetch });
 */
export function createFakeKaiten(options: FakeOptions = {}): FakeKaiten {
  const { credential = "ksh_fake-credential", scopes = ["write:tokens"], latency = 0, seed = 1 } = options;
  const { rateLimit = Number.POSITIVE_INFINITY, now = () => Date.now() } = options;
  let state = Math.imul(seed + 1, 0x9e3779b1);
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const newId = () => Array.from({ length: 32 }, () => Math.floor(random() * 16).toString(16)).join("");
  const time = () => new Date(now()).toISOString();
  const created = { createdAt: time(), createdBy: USER };
  const tokens = complete(options.tokens ?? [], newId, { scopes: [...scopes], ...created });
  const credentials = new Map([[credential, scopes]]);
  for (const { secret, token } of tokens) if (secret) credentials.set(secret, token.scopes);
  const plays = new Set<{ fault: Fault; ref: TokenRef | undefined; times: number; rate: number }>();
  const requests: FakeRequest[] = [];
  let window = { second: 0, count: 0 };

  function faultFor({ method, ref }: FakeRequest, account: string | undefined, secret: string): Fault | undefined {
    // The gateway's limiter has a fixed window, and does not limit JWTs.
    const second = Math.floor(now() / 1000);
    if (second !== window.second) window = { second, count: 0 };
    if (secret.startsWith("ksh_") && ++window.count > rateLimit) return "gateway-429";
    const isFor = (one: TokenRef) => (ref ? keyOf(one) === keyOf(ref) : one.serviceAccountSlug === account);
    const couldMeet = [...plays].filter((play) => isMetBy(method, play.fault) && (!play.ref || isFor(play.ref)));
    const play = couldMeet.find(({ rate }) => random() < rate);
    if (play && --play.times <= 0) plays.delete(play);
    return play?.fault;
  }

  function exchangeFor(request: FakeRequest, account: string | undefined, secret: string, traceId: string): Exchange {
    const trace = { "kaiten-traceid": traceId };
    const problem: Exchange["problem"] = (status, members, more) => {
      const [title, type] = PROBLEMS[status];
      const headers = { "content-type": "application/problem+json", ...trace, ...more };
      const logged = status === 500 && { code: "INTERNAL", errorId: newId() };
      return Response.json({ type, title, status, ...members, ...logged }, { status, headers });
    };
    const refuse = (status: 401 | 403 | 404, code: string, detail: string) => problem(status, { code, detail });
    const api: Exchange["api"] = (fault) => {
      if (!account || fault === "wrong-base-url") return refuse(404, "NOT_FOUND", "There is no such route.");
      if (!secret) return refuse(401, "Auth.MissingAuthorizationHeader", "There is no bearer token.");
      const owner = tokens.find((each) => each.secret === secret)?.token;
      const isRefused =
        fault === "database-down" || (owner && isDead(owner, now(), fault === "stale-replica" ? 5 * 60_000 : 0));
      const granted = isRefused ? undefined : credentials.get(secret);
      if (!granted) return refuse(401, "ValidateToken.Invalid", "The token is not valid.");
      const scope = request.ref ? "write:tokens" : "read:tokens";
      const isAllowed = granted.includes("write:tokens") || granted.includes(scope);
      if (!isAllowed) return refuse(403, "Auth.MissingScope", `The scope ${scope} is required.`);
      const own = fault === "membership-ended" ? [] : tokens.filter((each) => each.ref.serviceAccountSlug === account);
      if (!request.ref) {
        if (own.length === 0) return refuse(404, "ServiceAccount.NotFound", `There is no service account ${account}.`);
        const shown = own.filter(({ isHidden }) => !isHidden).map(({ token }) => token);
        const names = { id: `id-of-${account}`, name: account, slug: account, externalId: `external-${account}` };
        return Response.json({ ...names, ...created, tokens: shown }, { headers: trace });
      }
      const { tokenSlug } = request.ref;
      const found = own.find(({ token }) => token.slug === tokenSlug && !token.revokedAt);
      if (found && fault === "hidden-token") found.isHidden = true;
      const unknown = `Token with slug ${tokenSlug} not found for service account ${account} or already revoked`;
      if (!found || found.isHidden) return refuse(404, "Token.NotFound", unknown);
      Object.assign(found.token, { revokedAt: time(), revokedBy: USER });
      request.committed = true;
      return new Response(null, { status: 204, headers: trace });
    };
    return { api, problem };
  }

  async function fetch(url: string | URL, { method = "GET", headers, signal }: RequestInit = {}): Promise<Response> {
    signal?.throwIfAborted();
    const { pathname: path } = new URL(url);
    const sent = new Headers(headers);
    const secret = /^Bearer (.+)/i.exec(sent.get("authorization") ?? "")?.[1] ?? "";
    const traceId = /^\w\w-(\w{32})-/.exec(sent.get("traceparent") ?? "")?.[1] ?? newId();
    const [, serviceAccountSlug, tokenSlug] = ROUTES[method]?.exec(path)?.map(decodeURIComponent) ?? [];
    const ref = serviceAccountSlug && tokenSlug ? { serviceAccountSlug, tokenSlug } : undefined;
    const request: FakeRequest = { method, path, ref, at: time(), fault: undefined, committed: false };
    request.fault = faultFor(request, serviceAccountSlug, secret);
    requests.push(request);
    const half = (typeof latency === "number" ? latency : latency(request, random)) / 2;
    const wait = async () => {
      if (half === 0) return;
      await pause(half, signal ?? undefined);
      signal?.throwIfAborted();
    };
    await wait();
    const exchange = exchangeFor(request, serviceAccountSlug, secret, traceId);
    const answer = request.fault ? FAULTS[request.fault](exchange) : exchange.api();
    if (!answer) signal?.throwIfAborted();
    if (!answer) await new Promise((_, reject) => signal && onAbort(signal, () => reject(signal.reason)));
    await wait();
    request.answered = answer?.status;
    return answer as Response;
  }

  return {
    baseUrl: "https://kaiten.example/api",
    credential,
    fetch,
    listen: (port = 0) => listen(fetch, port),
    play(fault, { times = 1, ref, rate = 1 } = {}) {
      const play = { fault, ref, times, rate };
      if (times > 0) plays.add(play);
      return () => void plays.delete(play);
    },
    credentials,
    isAlive: (ref) => tokens.some((each) => keyOf(each.ref) === keyOf(ref) && !isDead(each.token, now())),
    alive: () => tokens.filter(({ token }) => !isDead(token, now())).map(({ ref }) => ref),
    requests,
  };
}

const ROUTES: Record<string, RegExp | undefined> = {
  DELETE: /^\/api\/service-accounts\/([^/]+)\/tokens\/([^/]+)$/,
  GET: /^\/api\/service-accounts\/([^/]+)$/,
};
const keyOf = ({ serviceAccountSlug, tokenSlug }: TokenRef) => `${serviceAccountSlug}/${tokenSlug}`;
