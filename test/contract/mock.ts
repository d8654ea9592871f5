// The mock, as the contract tests use it: a test that imports this fails where Prism has gone.
import { assert, beforeEach, inject } from "vitest";
import { type Fetch, isProblem, type KaitenProblemError, type TokenRef } from "../../src/index.js";

/** Prism, started by the global setup. */
export const prism = inject("prism");

/** A credential that Prism accepts, as it accepts any. */
export const TOKEN = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJtZSJ9.";

export const REF: TokenRef = { serviceAccountSlug: "ci-bot", tokenSlug: "deploy-key" };

beforeEach(async () => {
  await fetch(prism.url).catch(() => {
    throw new Error(`Prism does not answer at ${prism.url} any more: nothing can be said of the contract.`);
  });
});

/** Sends requests with other headers than those that the client gave them. */
export function withHeaders(change: (headers: Headers) => void): Fetch {
  return (url, init) => {
    const headers = new Headers(init.headers);
    change(headers);
    return fetch(url, { ...init, headers });
  };
}

/** Tells Prism how to answer to a method (RFC 7240), an attempt at a time; the last preference repeats. */
export function preferring(method: "DELETE" | "GET", ...preferences: string[]): Fetch {
  return (url, init) => {
    if (init.method !== method) return fetch(url, init);
    const [prefer = ""] = preferences.length > 1 ? preferences.splice(0, 1) : preferences;
    return withHeaders((headers) => headers.set("prefer", prefer))(url, init);
  };
}

/** The problem that a call rejects with; fails where it ends in any other way. */
export async function problemOf(call: Promise<unknown>): Promise<KaitenProblemError> {
  const end: unknown = await call.catch((error: unknown) => error);
  assert(isProblem(end), `No problem, but ${end instanceof Error ? end : JSON.stringify(end)}`);
  return end;
}
