// One attempt: one request with a credential, a time limit, no redirect and a bounded body. Its result holds no secret.
import { createQuerySerializer, defaultPathSerializer } from "openapi-fetch";
import { type Client, createClient } from "../../generated/client.js";
import { isProblemType, readProblem } from "../errors/problem.js";
import type { Fetch, FetchResponse } from "../types.js";
import { announcesBody, discard, hasNoContent, readText } from "./body.js";
import { type CallCredential, CredentialError } from "./credential.js";
import { DeadlineError, withDeadline } from "./deadline.js";
import { isBrowser, platformInit, randomHex, USER_AGENT } from "./platform.js";
import { redact, redactCause, redactHeaders, redactJson, rootMessage } from "./redact.js";
import { readRetryAfter } from "./retry.js";
import { holdsCredential, IS_SECRET } from "./slug.js";
import { type ConnectFault, connectFault } from "./unsent.js";
import type { AttemptResult } from "./verdict.js";

/** What all attempts of a client share. */
export interface Transport {
  client: Client;
  fetch: SendingFetch;
  /** Whether to send a `traceparent`. */
  trace: boolean;
}

/** A `fetch` of ours can tell when the request is started: until then nothing was written. */
export type SendingFetch = Fetch & { reportsStart?: true };
export type SendingInit = RequestInit & { onStart?: () => void };

/** What openapi-fetch is called with, beside the operation's own parameters. */
export interface CallInit {
  parseAs: "text";
  fetch: (request: Request) => Promise<Response>;
}

/** An operation of the API, as far as an attempt needs it. */
export interface Operation {
  /** Its path parameters: none may be the credential. */
  slugs: Readonly<Record<string, string>>;
  /** Calls its generated function. */
  send(client: Client, init: CallInit): Promise<{ data?: unknown; error?: unknown; response: Response }>;
}

export interface Attempt {
  request: { method: string; url: string };
  result: AttemptResult;
  /** When it ended: ISO 8601. */
  at: string;
  /** Id under which the server's logs know the request. */
  traceId: string | undefined;
}

export interface AttemptOptions {
  credential: CallCredential;
  /** The trace that all attempts of a call belong to. */
  traceId: string | undefined;
  /** In ms. */
  timeout: number;
  signal: AbortSignal | undefined;
  /** Asked when the token is there, before anything is sent. */
  mayStart: () => boolean;
}

/** How much of a body an error shows, in bytes. */
const EXCERPT = 2048;

export function createTransport(baseUrl: string, fetch: Fetch, trace: boolean): Transport {
  const client = createClient({
    baseUrl,
    Request: RequestParts as object as typeof Request,
    pathSerializer: createPathSerializer(),
    querySerializer: createQuerySerializer(),
  });
  return { client, fetch, trace: trace && !isBrowser() };
}

/** As openapi-fetch's own for strings, with the template split once: its regular expression takes 5 % of a call. */
function createPathSerializer(): typeof defaultPathSerializer {
  const templates = new Map<string, string[]>();
  return (template, params) => {
    const parts = templates.get(template) ?? template.split(/[{}]/);
    templates.set(template, parts);
    let url = "";
    for (let index = 0; index < parts.length; index++) {
      const part = parts[index] as string;
      const value = index % 2 === 0 ? part : params[part];
      if (typeof value !== "string") return defaultPathSerializer(template, params);
      url += index % 2 === 0 ? part : encodeURIComponent(value);
    }
    return url;
  };
}

/** openapi-fetch makes a Request, and `fetch` would make another one from it: this one only carries the parts. */
function RequestParts(url: string, { method, headers }: RequestInit): object {
  return { url, method, headers };
}

/** A slug turned out to be the token that the provider returned. */
class ArgumentError extends Error {}

/** The run stopped while this call waited for its token. */
class StoppedError extends Error {}

/** How far an attempt has come. */
interface Progress {
  request: { method: string; url: string };
  /** What it waits for. From `answer` on, some of the request may have been written. */
  stage: "token" | "connection" | "answer";
  /** An answer that is complete with its headers (RFC 9110 §15.3.5): an abort that comes later changes nothing. */
  bare?: FetchResponse;
  text: string;
}

/** Makes one attempt. Throws nothing: whatever happens is its result. */
export async function attempt(
  { client, fetch, trace }: Transport,
  operation: Operation,
  { credential, traceId, timeout, signal, mayStart }: AttemptOptions,
): Promise<Attempt> {
  const progress: Progress = { request: { method: "", url: "" }, stage: "token", text: "" };
  const { secrets } = credential;

  async function send({ method, url, headers }: Request, ending: AbortSignal, stop: () => void): Promise<Response> {
    progress.request = { method, url };
    const given = credential.getToken(ending);
    const token = typeof given === "string" ? given : await given;
    for (const name in operation.slugs) {
      if (holdsCredential(operation.slugs[name] as string, token)) throw new ArgumentError(`${name} ${IS_SECRET}`);
    }
    const sent: Record<string, string> = { ...Object.fromEntries(headers), authorization: `Bearer ${token}` };
    if (!isBrowser()) sent["user-agent"] = USER_AGENT;
    if (trace) sent.traceparent = `00-${traceId}-${randomHex(2)}-01`;
    ending.throwIfAborted();
    if (!mayStart()) throw new StoppedError();
    const init: SendingInit = { method, headers: sent, redirect: "manual", signal: ending, ...platformInit() };
    progress.stage = fetch.reportsStart ? "connection" : "answer";
    if (fetch.reportsStart) {
      init.onStart = () => {
        progress.stage = "answer";
      };
    }
    const response = await fetch(url, init);
    const { status, ok, headers: answered, redirected } = response;
    if (hasNoContent(status)) {
      progress.bare = response;
      if (response.body) discard(response.body);
      if (announcesBody(status, answered)) stop();
    } else if (response.body !== null) {
      progress.text = response.body ? await readText(response.body, ending) : await response.text();
    }
    // All that openapi-fetch reads, and within the limit.
    return { status, ok, headers: answered, redirected, text: async () => progress.text } as Response;
  }

  let result: AttemptResult;
  let answeredId: string | null = null;
  try {
    const { data, error, response } = await withDeadline(timeout, signal, (ending, stop) =>
      operation.send(client, { parseAs: "text", fetch: (parts) => send(parts, ending, stop) }),
    );
    answeredId = response.headers.get("kaiten-traceid");
    result = readAnswer(response, data ?? error, progress.text, secrets);
  } catch (thrown) {
    const { bare, stage } = progress;
    result = bare
      ? noContent(bare)
      : readFailure(thrown, {
          stage,
          started: stage === "answer" && fetch.reportsStart === true,
          timeout,
          signal,
          secrets,
        });
  }
  const { method, url } = progress.request;
  return {
    // A base URL can hold the beginning of a credential.
    request: { method, url: redact(url, secrets) },
    result,
    at: new Date().toISOString(),
    traceId: answeredId ? redact(answeredId, secrets) : traceId,
  };
}

/** All that a 204 says. It is shared, and must not be changed. */
const REVOKED: AttemptResult = {
  kind: "response",
  status: 204,
  redirected: false,
  headers: new Headers(),
  excerpt: "",
  retryAfter: undefined,
};

/** Its headers are not read: they can be faulty, and tell nothing that matters. */
function noContent({ status, redirected = false }: FetchResponse): AttemptResult {
  if (status === 204 && !redirected) return REVOKED;
  return { kind: "response", status, redirected, headers: new Headers(), excerpt: "", retryAfter: undefined };
}

function readAnswer(response: Response, body: unknown, text: string, secrets: readonly string[]): AttemptResult {
  const { status, redirected = false } = response;
  if (status === 204) return noContent(response);
  const headers = redactHeaders(response.headers, secrets);
  const retryAfter = readRetryAfter(response.headers);
  const hasProblemType = status >= 400 && !redirected && isProblemType(headers.get("content-type"));
  if (hasProblemType && typeof body === "object" && body !== null && !Array.isArray(body)) {
    const problem = readProblem(redactJson(body, secrets) as object, status);
    return { kind: "problem", status, problem, headers, retryAfter };
  }
  // To redact a long text takes long, and a credential that is cut at the end of the excerpt would not be found.
  const excerpt = cut(redact(cut(text, 4 * EXCERPT), secrets), EXCERPT);
  return { kind: "response", status, redirected, headers, excerpt, retryAfter };
}

function cut(text: string, bytes: number): string {
  // As a stream, so that half a character at the end is left out.
  return new TextDecoder().decode(new TextEncoder().encode(text).subarray(0, bytes), { stream: true });
}

interface FailureContext {
  stage: Progress["stage"];
  /** The `fetch` told that the request was started. */
  started: boolean;
  timeout: number;
  signal: AbortSignal | undefined;
  secrets: readonly string[];
}

/** The message for a person, given the message of the cause. OpenSSL's own is left out: it explains nothing. */
const CONNECT_FAULTS: Record<ConnectFault, (words: string) => string> = {
  certificate: (words) =>
    `the server's certificate is not trusted: ${words}. For a private certificate authority, set NODE_EXTRA_CA_CERTS to its file`,
  "plain-http": () => "the port speaks plain HTTP, not HTTPS. Check the base URL",
  unreachable: (words) => words,
};

const WAITED_FOR = {
  token: "No token from the token provider",
  connection: "No connection",
  answer: "No complete response",
};

function readFailure(thrown: unknown, { stage, started, timeout, signal, secrets }: FailureContext): AttemptResult {
  const failure = { kind: "failure", sent: stage === "answer", cause: undefined } as const;
  if (signal?.aborted) return { ...failure, why: "abort", reason: "The call was aborted" };
  const kind = kindOf(thrown);
  if (kind === StoppedError) return { ...failure, why: "abort", reason: "The run was stopped" };
  if (kind === ArgumentError) return { ...failure, why: "argument", reason: (thrown as Error).message };
  if (kind === DeadlineError) {
    return { ...failure, why: "timeout", reason: `${WAITED_FOR[stage]} within ${timeout / 1_000} s` };
  }
  if (kind === CredentialError)
    return { ...failure, why: "credential", ...credentialFailure(thrown as CredentialError, secrets) };
  // OpenSSL uses the same codes after the handshake: then they do not prove that nothing was written.
  const fault = started ? undefined : connectFault(thrown);
  const cause = redactCause(thrown, secrets);
  const words = (cause && rootMessage(cause)) || "no reason was given";
  const reason = `The connection failed: ${fault ? CONNECT_FAULTS[fault](words) : words}`;
  return { ...failure, why: "connection", sent: failure.sent && !fault, reason, cause };
}

/** Which of our own errors was thrown. Any access to a revoked Proxy throws, so it is probed here. */
function kindOf(thrown: unknown) {
  try {
    return [ArgumentError, StoppedError, DeadlineError, CredentialError].find((kind) => thrown instanceof kind);
  } catch {
    return undefined;
  }
}

/** Why there is no token, without secrets. Also for a refresh, which is no attempt. */
export function credentialFailure(error: CredentialError, secrets: readonly string[]) {
  const cause = redactCause(error.cause, secrets);
  const reason = [error.message, cause && rootMessage(cause)].filter(Boolean).join(": ");
  return { reason, cause };
}
