// A client whose `fetch` gives scripted answers: in these tests only the network is not real.
import {
  type AttemptEvent,
  type CallOptions,
  type ClientOptions,
  createKaitenClient,
  type Fetch,
  type KaitenError,
  type Revocation,
  type TokenRef,
} from "../../src/index.js";

export const BASE = "https://kaiten.example.com/api";
export const TOKEN = "ksh_0123456789abcdefghij";
export const REF: TokenRef = { serviceAccountSlug: "ci-bot", tokenSlug: "deploy-key" };

type Headers = Record<string, string>;

export const answer = (status: number, body: string | null = null, headers: Headers = {}) =>
  new Response(body, { status, headers });
export const page = (status: number, headers: Headers = {}) =>
  answer(status, "<h1>Hello</h1>", { "Content-Type": "text/html", ...headers });
export const problem = (status: number, members: object = {}, headers: Headers = {}) =>
  answer(status, JSON.stringify(members), { "Content-Type": "application/problem+json", ...headers });

export const absent = () => problem(404, { code: "Token.NotFound" });
/** The request was written, and its answer never came. */
export const lost = () => new TypeError("fetch failed");
export const refused = () => Object.assign(new Error("connect"), { code: "ECONNREFUSED" });
export const never = () => new Promise<never>(() => {});

/** An answer, a failed connection, or what `fetch` does instead. */
export type Step = Response | Error | ((init: RequestInit) => ReturnType<Fetch>);

/** Answers in turn, the last one again and again. A read is no step: what it gets is no record. */
export function scripted(...steps: Step[]) {
  const requests: { url: string; init: RequestInit; headers: globalThis.Headers; at: number }[] = [];
  const fetch: Fetch = async (url, init) => {
    if (init.method === "GET") return page(404);
    requests.push({ url, init, headers: new Headers(init.headers), at: Date.now() });
    const step = steps[Math.min(requests.length, steps.length) - 1];
    if (step instanceof Error) throw step;
    return step instanceof Response ? step.clone() : (step as (init: RequestInit) => ReturnType<Fetch>)(init);
  };
  return { fetch, requests };
}

export interface Setup {
  client?: Partial<ClientOptions>;
  call?: CallOptions;
  ref?: TokenRef;
}

/** Revokes a token against the scripted answers. Both `result` and `error` are promises, and neither rejects. */
export function revoke(steps: Step | Step[], { client = {}, call = {}, ref = REF }: Setup = {}) {
  const { fetch, requests } = scripted(...[steps].flat());
  const events: AttemptEvent[] = [];
  const onAttempt = (event: AttemptEvent) => event.method === "DELETE" && events.push(event);
  const kaiten = createKaitenClient({ baseUrl: BASE, token: TOKEN, fetch, onAttempt, ...client });
  const ended = kaiten.serviceAccounts.tokens.revoke(ref, call);
  const result = ended.catch(() => undefined) as Promise<Revocation | undefined>;
  const error = ended.then(
    () => undefined,
    (thrown) => thrown,
  ) as Promise<KaitenError>;
  return { requests, events, result, error };
}
