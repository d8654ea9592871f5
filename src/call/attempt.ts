// One attempt: one request with a credential, a time limit, no redirect and a bounded body. Its result holds no secret. It
// serves any operation, and does not know which.
import { createQuerySerializer } from "openapi-fetch";
import { type Client, createClient } from "../../generated/client.js";
import { announcesBody, BODY_LIMIT, discard, hasNoContent, isWebStream, readText } from "../answer/body.js";
import { redact, redactJson } from "../answer/redact.js";
import type { CredentialError } from "../answer/result.js";
import {
  ArgumentError,
  type Attempt,
  type AttemptResult,
  DeadlineError,
  noContent,
  readAnswer,
  readFailure,
  readRefusal,
  type Stage,
  StoppedError,
} from "../answer/result.js";
import { holdsCredential } from "../secret.js";
import { IS_SECRET } from "../slug.js";
import type { Fetch, FetchResponse, TokenRef } from "../types.js";
import type { CallCredential } from "./credential.js";
import { withDeadline } from "./deadline.js";
import { isBrowser, mayRepeat, platformInit, randomHex, USER_AGENT } from "./platform.js";

/** What all attempts of a client share. */
export interface Transport {
  client: Client;
  fetch: SendingFetch;
  /** Sent with each request, besides those of the attempt. */
  headers: Readonly<Record<string, string>>;
  /** Whether to send a `traceparent`. */
  trace: boolean;
  inBrowser: boolean;
}

/** A `fetch` of ours can tell when the request is started: until then nothing was written. */
export type SendingFetch = Fetch & { reportsStart?: true };
export type SendingInit = RequestInit & { onStart?: () => void; bodyLimit?: number };

/** What openapi-fetch is called with, beside the operation's own parameters. */
export interface CallInit {
  parseAs: "text";
  fetch: (request: Request) => Promise<Response>;
}

/** An operation of the API, as far as an attempt needs it. */
export interface Operation {
  /** Its path parameters: none may be the credential. An operation on an account names no token: its `tokenSlug` is empty. */
  slugs: TokenRef;
  /** Calls its generated function. */
  send(client: Client, init: CallInit): Promise<{ data?: unknown; error?: unknown; response: Response }>;
  /** What it reads, and no cache may answer; missing where only the status counts. */
  reads?: {
    /** In bytes. */
    limit: number;
    /** @param clean makes a copy without secrets. @returns undefined where the body is not what was asked for. */
    value(body: { status: number; headers: Headers; json: unknown }, clean: (json: unknown) => unknown): unknown;
  };
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

export function createTransport(
  baseUrl: string,
  { fetch, headers, trace }: { fetch: Fetch; headers: Readonly<Record<string, string>>; trace: boolean },
): Transport {
  const client = createClient({
    baseUrl,
    Request: RequestParts as object as typeof Request,
    // Else openapi-fetch makes one for each call.
    querySerializer: createQuerySerializer(),
  });
  const inBrowser = isBrowser();
  return { client, fetch, headers, trace: trace && !inBrowser, inBrowser };
}

/**
 * openapi-fetch makes a Request, and `fetch` would make another one from it: this one only carries the parts. No operation
 * has a body, nor headers of its own.
 */
function RequestParts(url: string, { method }: RequestInit): object {
  return { url, method };
}

/** How far an attempt has come. */
interface Progress {
  request: { method: string; url: string };
  stage: Stage;
  /** Whether the answer may be the second one. */
  repeated: boolean;
  /** An answer that is complete with its headers (RFC 9110 §15.3.5): an abort that comes later changes nothing. */
  bare?: FetchResponse;
  text: string;
}

/** Makes one attempt. Throws nothing: whatever happens is its result. */
export async function attempt(
  { client, fetch, headers, trace, inBrowser }: Transport,
  { slugs, send: call, reads }: Operation,
  { credential, traceId, timeout, signal, mayStart }: AttemptOptions,
): Promise<Attempt> {
  const progress: Progress = { request: { method: "", url: "" }, stage: "token", repeated: false, text: "" };
  const { secrets } = credential;
  const limit = reads?.limit ?? BODY_LIMIT;

  async function send({ method, url }: Request, controller: AbortController): Promise<Response> {
    progress.request = { method, url };
    const token = await credential.getToken(controller.signal);
    for (const [name, slug] of Object.entries(slugs)) {
      if (holdsCredential(slug, token)) throw new ArgumentError(`${name} ${IS_SECRET}`);
    }
    const sent: Record<string, string> = { ...headers, authorization: `Bearer ${token}` };
    if (!inBrowser) sent["user-agent"] = USER_AGENT;
    if (trace) sent.traceparent = `00-${traceId}-${randomHex(8)}-01`;
    if (reads && !inBrowser) sent["cache-control"] = "no-cache";
    controller.signal.throwIfAborted();
    if (!mayStart()) throw new StoppedError();
    progress.stage = fetch.reportsStart ? "connection" : "answer";
    const init: SendingInit = {
      ...{ method, headers: sent, redirect: "manual", signal: controller.signal, ...platformInit() },
      ...(reads && inBrowser && { cache: "no-store" }),
      // For a fetch of ours, also one that another is wrapped around; others ignore it.
      bodyLimit: limit,
      onStart: () => {
        progress.stage = "answer";
      },
    };
    // A gateway's cache may heed no Cache-Control, send no Age and know no credential (nginx's proxy_cache by default): then
    // only a URL of its own keeps an answer from being old, or somebody else's. It is not shown: it says nothing.
    const response = await fetch(reads ? `${url}?fresh=${randomHex(8)}` : url, init);
    progress.repeated = response.repeated ?? mayRepeat();
    const { status, body } = response;
    if (hasNoContent(status)) {
      progress.bare = response;
      if (body) discard(body);
      if (announcesBody(status, response.headers)) controller.abort();
    } else {
      const isStream = body && isWebStream(body);
      progress.text = isStream ? await readText(body, limit, controller.signal) : await response.text();
    }
    // All that openapi-fetch reads, and within the limit.
    const { ok, headers: answered, redirected, type } = response;
    return { status, ok, headers: answered, redirected, type, text: async () => progress.text } as Response;
  }

  let result: AttemptResult;
  let answeredId: string | null = null;
  try {
    const { data, error, response } = await withDeadline(timeout, signal, (controller) =>
      call(client, { parseAs: "text", fetch: (parts) => send(parts, controller) }),
    );
    const { text, repeated } = progress;
    answeredId = response.headers.get("kaiten-traceid");
    const json = reads && response.ok ? parse(data) : error;
    const value = reads?.value({ status: response.status, headers: response.headers, json }, (part) =>
      redactJson(part, secrets),
    );
    result = readAnswer(response, { text, json }, value, { secrets, repeated });
  } catch (thrown) {
    const { bare, stage, request } = progress;
    const started = stage === "answer" && fetch.reportsStart === true;
    // A platform that repeats and tells why it failed does so over HTTP/2, which is spoken over TLS only.
    const repeated = !fetch.reportsStart && mayRepeat() && request.url.startsWith("https:");
    const context = { stage, started, repeated, timeout, signal, secrets };
    result = bare ? noContent(bare, progress.repeated) : readFailure(thrown, context);
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

/** @returns undefined for what is no JSON, such as a body that was cut off at the limit. */
function parse(text: unknown): unknown {
  try {
    return JSON.parse(String(text));
  } catch {
    return undefined;
  }
}

/** Why there is no other token after a 401. Holds no secret. */
export type RefreshFailure = { reason: string; cause: Error | undefined };

/** @returns true where another token will be sent, or why there is none; undefined without a provider to ask, or after an abort. */
export async function refresh(
  credential: CallCredential,
  timeout: number,
  signal: AbortSignal | undefined,
): Promise<true | RefreshFailure | undefined> {
  try {
    const refreshed = await withDeadline(timeout, signal, ({ signal }) => credential.refresh(signal));
    return refreshed || undefined;
  } catch (thrown) {
    if (signal?.aborted) return undefined;
    if (thrown instanceof DeadlineError)
      return { reason: `it took longer than ${timeout / 1_000} s`, cause: undefined };
    // Nothing else is thrown there.
    return readRefusal(thrown as CredentialError, credential.secrets);
  }
}
