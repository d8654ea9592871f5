// One attempt: one request with a credential, a time limit, no redirect and a bounded body. Its result holds no secret.
import { createQuerySerializer, defaultPathSerializer } from "openapi-fetch";
import { type Client, createClient } from "../../generated/client.js";
import { announcesBody, discard, hasNoContent, readText } from "../answer/body.js";
import { redact } from "../answer/redact.js";
import {
  ArgumentError,
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
import type { CallCredential, CredentialError } from "./credential.js";
import { DeadlineError, type Ending, withDeadline } from "./deadline.js";
import { isBrowser, isoTime, platformInit, randomHex, USER_AGENT } from "./platform.js";
import type { AttemptResult } from "./verdict.js";

/** What all attempts of a client share. */
export interface Transport {
  client: Client;
  fetch: SendingFetch;
  /** Whether to send a `traceparent`. */
  trace: boolean;
  inBrowser: boolean;
}

/**
 * A `fetch` of ours can tell when the request is started: until then nothing was written. One over undici also takes the
 * `ending` in place of a signal.
 */
export type SendingFetch = Fetch & { reportsStart?: true; takesEnding?: true };
export type SendingInit = RequestInit & { onStart?: () => void; ending?: Ending };

/** What openapi-fetch is called with, beside the operation's own parameters. */
export interface CallInit {
  parseAs: "text";
  fetch: (request: Request) => Promise<Response>;
}

/** An operation of the API, as far as an attempt needs it. */
export interface Operation {
  /** Its path parameters: none may be the credential. An operation on an account names no token: its `tokenSlug` is empty. */
  slugs: TokenRef & Readonly<Record<string, string>>;
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

export function createTransport(baseUrl: string, fetch: Fetch, trace: boolean): Transport {
  const client = createClient({
    baseUrl,
    Request: RequestParts as object as typeof Request,
    pathSerializer: createPathSerializer(),
    querySerializer: createQuerySerializer(),
  });
  const inBrowser = isBrowser();
  return { client, fetch, trace: trace && !inBrowser, inBrowser };
}

/** As openapi-fetch's own, with the template split once: to search it in each call takes 4 % of the call. */
function createPathSerializer(): typeof defaultPathSerializer {
  const templates = new Map<string, string[]>();
  return (template, params) => {
    const parts = templates.get(template) ?? template.split(/[{}]/);
    templates.set(template, parts);
    let url = parts[0] as string;
    for (let index = 1; index < parts.length; index += 2) {
      const value = params[parts[index] as string];
      if (typeof value !== "string") return defaultPathSerializer(template, params);
      url += encodeURIComponent(value) + parts[index + 1];
    }
    return url;
  };
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
  /** An answer that is complete with its headers (RFC 9110 §15.3.5): an abort that comes later changes nothing. */
  bare?: FetchResponse;
  text: string;
}

/** Makes one attempt. Throws nothing: whatever happens is its result. */
export async function attempt(
  { client, fetch, trace, inBrowser }: Transport,
  operation: Operation,
  { credential, traceId, timeout, signal, mayStart }: AttemptOptions,
): Promise<Attempt> {
  const progress: Progress = { request: { method: "", url: "" }, stage: "token", text: "" };
  const { secrets } = credential;

  async function send({ method, url }: Request, ending: Ending): Promise<Response> {
    progress.request = { method, url };
    const given = credential.getToken(ending);
    const token = typeof given === "string" ? given : await given;
    for (const name in operation.slugs) {
      if (holdsCredential(operation.slugs[name] as string, token)) throw new ArgumentError(`${name} ${IS_SECRET}`);
    }
    const sent: Record<string, string> = { authorization: `Bearer ${token}` };
    if (!inBrowser) sent["user-agent"] = USER_AGENT;
    if (trace) sent.traceparent = `00-${traceId}-${randomHex(8)}-01`;
    if (ending.aborted) throw ending.reason;
    if (!mayStart()) throw new StoppedError();
    const signal = fetch.takesEnding ? null : ending.signal;
    const init: SendingInit = { method, headers: sent, redirect: "manual", signal, ...platformInit() };
    if (fetch.takesEnding) init.ending = ending;
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
      if (announcesBody(status, answered)) ending.abort();
    } else {
      progress.text = response.body ? await readText(response.body, ending.signal) : await response.text();
    }
    // All that openapi-fetch reads, and within the limit.
    return { status, ok, headers: answered, redirected, text: async () => progress.text } as Response;
  }

  let result: AttemptResult;
  let answeredId: string | null = null;
  try {
    const { data, error, response } = await withDeadline(timeout, signal, (ending) =>
      operation.send(client, { parseAs: "text", fetch: (parts) => send(parts, ending) }),
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
    at: isoTime(),
    traceId: answeredId ? redact(answeredId, secrets) : traceId,
  };
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
    const refreshed = await withDeadline(timeout, signal, (ending) => credential.refresh(ending.signal));
    return refreshed || undefined;
  } catch (thrown) {
    if (signal?.aborted) return undefined;
    if (thrown instanceof DeadlineError)
      return { reason: `it took longer than ${timeout / 1_000} s`, cause: undefined };
    // Nothing else is thrown there.
    return readRefusal(thrown as CredentialError, credential.secrets);
  }
}
