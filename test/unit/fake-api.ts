// A client whose `fetch` gives scripted answers: in these tests only the network is not real.
import { vi } from "vitest";
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
export const json = (body: unknown, headers: Headers = {}) =>
  answer(200, JSON.stringify(body), { "Content-Type": "application/json", ...headers });

export const absent = () => problem(404, { code: "Token.NotFound" });
/** The request was written, and its answer never came. */
export const lost = () => new TypeError("fetch failed");
export const refused = () => Object.assign(new Error("connect"), { code: "ECONNREFUSED" });
export const never = () => new Promise<never>(() => {});

export const REVOKED_AT = "2026-11-01T10:00:00Z";
export const CREATED_AT = "2026-01-01T10:00:00Z";

/** A token as the record has it. */
export const entry = (slug: string, members: object = {}) => ({
  ...{ id: `id-${slug}`, name: slug, slug, scopes: ["read:tokens"], serviceAccountId: "account-1" },
  ...{ createdAt: CREATED_AT, createdBy: { id: "user-1", name: "Ada" } },
  ...members,
});
export const active = () => entry(REF.tokenSlug);
export const revokedEntry = () => entry(REF.tokenSlug, { revokedAt: REVOKED_AT, revokedBy: { id: "user-2" } });

export const account = (tokens: unknown, members: object = {}) => ({
  ...{ id: "account-1", name: "CI", slug: REF.serviceAccountSlug, externalId: "external-1", createdAt: CREATED_AT },
  ...{ tokens, ...members },
});
/** The record of the account, with these tokens. */
export const record = (...tokens: object[]) => json(account(tokens));
export const noAccount = () => problem(404, { code: "ServiceAccount.NotFound" });
export const unreadable = () => problem(403, { code: "Auth.MissingScope" });

/** An answer, a failed connection, or what `fetch` does instead. */
export type Step = Response | Error | ((init: RequestInit) => ReturnType<Fetch>);

interface Sent {
  url: string;
  init: RequestInit;
  headers: globalThis.Headers;
  at: number;
}

/** Answers each kind of request in turn, and its last answer again and again. Reads of the record are refused by default. */
export function server(steps: readonly Step[], record: readonly Step[] = [unreadable()]) {
  const requests: Sent[] = [];
  const reads: Sent[] = [];
  const fetch: Fetch = async (url, init) => {
    const [sent, answers] = init.method === "GET" ? [reads, record] : [requests, steps];
    sent.push({ url, init, headers: new Headers(init.headers), at: Date.now() });
    const step = answers[Math.min(sent.length, answers.length) - 1];
    if (step instanceof Error) throw step;
    return step instanceof Response ? step.clone() : (step as (init: RequestInit) => ReturnType<Fetch>)(init);
  };
  return { fetch, requests, reads };
}

export const scripted = (...steps: Step[]) => server(steps);

export interface Setup {
  client?: Partial<ClientOptions>;
  call?: CallOptions;
  ref?: TokenRef;
  /** What a read of the record is answered with. */
  record?: Step | Step[];
}

/** Revokes a token against the scripted answers. Both `result` and `error` are promises, and neither rejects. */
export function revoke(steps: Step | Step[], { client = {}, call = {}, ref = REF, record }: Setup = {}) {
  const { fetch, requests, reads } = server([steps].flat(), record && [record].flat());
  /** Of the attempts. */
  const events: AttemptEvent[] = [];
  const readEvents: AttemptEvent[] = [];
  const onAttempt = (event: AttemptEvent) => void (event.method === "GET" ? readEvents : events).push(event);
  const kaiten = createKaitenClient({ baseUrl: BASE, token: TOKEN, fetch, onAttempt, ...client });
  const ended = kaiten.serviceAccounts.tokens.revoke(ref, call);
  const result = ended.catch(() => undefined) as Promise<Revocation | undefined>;
  const error = ended.then(
    () => undefined,
    (thrown) => thrown,
  ) as Promise<KaitenError>;
  return { requests, reads, events, readEvents, result, error };
}

/** What became of a call, after whatever time it takes: for tests with fake timers. */
export async function ended(...[steps, setup]: Parameters<typeof revoke>) {
  const began = Date.now();
  const { result, error, ...call } = revoke(steps, setup);
  let took = 0;
  const end = Promise.all([result, error]).finally(() => {
    took = Date.now() - began;
  });
  await vi.runAllTimersAsync();
  const [value, thrown] = await end;
  const waits = call.requests.slice(1).map(({ at }, index) => at - (call.requests[index]?.at ?? 0));
  return { ...call, result: value, error: thrown, took, waits };
}
