// One attempt: one request with a credential, a timeout, no redirect and a bounded body.
import { type Client, createClient, deleteServiceAccountToken } from "../../generated/client.js";
import type { operations } from "../../generated/schema.js";
import { sentOnce } from "./base-init.js";
import { discard, readText } from "./body.js";
import { type Credential, CredentialError, type Lease } from "./credential.js";
import { withDeadline } from "./deadline.js";
import { isProblemType } from "./problem.js";
import { wasNeverSent } from "./unsent.js";
import type { Evidence } from "./verdict.js";

/** Names the token to revoke. */
export type TokenRef = operations["delete-service-account-token"]["parameters"]["path"];

/** What the platform's `fetch` does, as far as it is used: any function of this shape will do. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** What every attempt of a client shares. */
export interface Transport {
  client: Client;
  fetch: Fetch;
  credential: Credential;
  /** What every request is sent with. */
  once: RequestInit;
}

export interface Attempt {
  request: { method: string; url: string };
  /** The token that was sent, where one was. */
  lease: Lease | undefined;
  evidence: Evidence;
  /** The answer, where a whole one came; the body as text, and parsed where it is JSON. Not redacted. */
  answer?: { status: number; headers: Headers; text: string; body: unknown };
  /** Else what was thrown. Not redacted. */
  cause?: unknown;
}

export function createTransport(baseUrl: string, fetch: Fetch, credential: Credential): Transport {
  const client = createClient({ baseUrl, Request: RequestParts as object as typeof Request });
  return { client, fetch, credential, once: sentOnce() };
}

/** openapi-fetch makes a Request, and `fetch` would make another of it: this one only carries the parts. */
function RequestParts(url: string, { method, headers }: RequestInit): object {
  return { url, method, headers };
}

/**
 * Makes one attempt. Throws nothing but the signal's reason: whatever else happens is evidence. What it gives is written
 * out, member by member: a spread into it was a sixth of the time that a call spends in this package (Node 20).
 *
 * @param lease the token to send; by default the credential is asked.
 */
export async function attempt(
  { client, fetch, credential, once }: Transport,
  ref: TokenRef,
  { timeout, signal, lease }: { timeout: number; signal: AbortSignal | undefined; lease: Lease | undefined },
): Promise<Attempt> {
  let request = { method: "DELETE", url: "" };
  let held = lease;
  let sent = false;
  let read = "";

  async function send(parts: Request, ending: AbortSignal, stop: () => void): Promise<Response> {
    const { url, method, headers } = parts;
    request = { method, url };
    held ??= await credential.ask(ending);
    const { token } = held;
    if (Object.values(ref).some((slug) => isToken(slug, token))) {
      throw new CredentialError("A slug is the credential itself: give the token's slug, which is its name");
    }
    headers.set("authorization", `Bearer ${token}`);
    ending.throwIfAborted();
    sent = true;
    const response = await fetch(url, { method, headers, redirect: "manual", signal: ending, ...once });
    // RFC 9110 §15.3.5: a 204 has no body, so nothing that comes after its headers can take it back.
    if (response.status === 204) return discard(response);
    read = await readText(response.body, ending);
    // Nor may a 205 have one (§15.3.6): what comes all the same, a platform hides, and goes on receiving.
    if (response.status === 205) stop();
    // The platform's own answer, read within the bound: openapi-fetch asks it for no more than this.
    return Object.assign(response, { text: async () => read });
  }

  try {
    const { data, error, response } = await withDeadline(timeout, signal, (ending, stop) =>
      deleteServiceAccountToken(client, {
        params: { path: ref },
        parseAs: "text",
        fetch: (parts) => send(parts, ending, stop),
      }),
    );
    const { status, headers, redirected } = response;
    const body: unknown = data ?? error;
    const problem = status >= 400 && isProblemType(headers.get("content-type")) && isObject(body);
    const { code, type } = problem ? body : {};
    const evidence = { status, redirected, problem, code, type };
    return { request, lease: held, evidence, answer: { status, headers, text: read, body } };
  } catch (thrown) {
    signal?.throwIfAborted();
    const cause = inspectable(thrown);
    const unsent = !sent || wasNeverSent(cause);
    const failure = cause instanceof CredentialError ? "no-credential" : unsent ? "unsent" : "lost";
    return { request, lease: held, evidence: { failure }, cause };
  }
}

/** A revoked proxy throws at every look, also at ours: so it is had here, where it can be caught. */
function inspectable(thrown: unknown): unknown {
  try {
    void (thrown instanceof Error);
    return thrown;
  } catch {
    return new Error("something was thrown that cannot be looked at");
  }
}

/** Also where it was copied with the word before it or the line end behind it. */
function isToken(slug: string, token: string): boolean {
  return slug.trim().replace(/^bearer\s+/i, "") === token;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
