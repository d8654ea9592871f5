// What an attempt met, read into a result that holds no secret. Everything behind it is clean because this file is.

import type { Problem } from "../errors/problem.js";
import { isProblemType, readProblem } from "../errors/problem.js";
import { isA } from "../is-a.js";
import type { FetchResponse } from "../types.js";
import { type ConnectFault, readCause } from "./cause.js";
import { redact, redactHeaders, redactJson, type Secrets } from "./redact.js";
import { readRetryAfter } from "./retry-after.js";

/** What every answer has. */
interface AnswerBase {
  status: number;
  /** Whether the request may have been sent more than once: then this may be the answer to the second one. */
  repeated: boolean;
  headers: Headers;
  retryAfter: number | undefined;
}

/** An answer that is a problem (RFC 9457). */
export interface ProblemAnswer extends AnswerBase {
  kind: "problem";
  problem: Problem;
  /** Whether it says which problem it is: it has a `code`, or a `type` but `about:blank`, even one that is no text. */
  isNamed: boolean;
}

/** Any other answer. */
export interface OtherAnswer extends AnswerBase {
  kind: "response";
  /** The `fetch` followed a redirect, so it is the answer to another request; or it hides where one leads. */
  redirected: boolean;
  excerpt: string;
  /** What the operation read of the body, clean. Only a complete one. */
  value?: unknown;
}

export type Answer = ProblemAnswer | OtherAnswer;

/** No complete answer. */
export interface Failure {
  kind: "failure";
  /** `stopped`: the run was, while this call waited for its token. */
  why: "argument" | "credential" | "connection" | "timeout" | "abort" | "stopped";
  /** Whether some of the request may have been written. */
  sent: boolean;
  reason: string;
  cause: Error | undefined;
  status?: undefined;
  retryAfter?: undefined;
}

/** What one attempt met. Holds no secret. */
export type AttemptResult = Answer | Failure;

export interface Attempt {
  request: { method: string; url: string };
  result: AttemptResult;
  /** When it ended: ISO 8601. */
  at: string;
  /** Id under which the server's logs know the request. */
  traceId: string | undefined;
}

/** What an attempt waits for. From `answer` on, some of the request may have been written. */
export type Stage = "token" | "connection" | "answer";

/** A slug turned out to be the token that the provider returned. */
export class ArgumentError extends Error {}

/** The run stopped while this call waited for its token. */
export class StoppedError extends Error {}

/** The task exceeded its limit. */
export class DeadlineError extends Error {}

/** The provider threw, or returned something that cannot be sent. `cause` is what it threw. */
export class CredentialError extends Error {}

/** How much of a body an error shows, in bytes. */
const EXCERPT = 2048;

/** An answer without a body. Its headers are not read: they can be faulty, and tell nothing that matters. */
export function noContent(response: FetchResponse, repeated: boolean): OtherAnswer {
  const base = { status: response.status, repeated, headers: new Headers(), retryAfter: undefined };
  return { kind: "response", ...base, redirected: isRedirected(response), excerpt: "" };
}

/** A browser hides a redirect that is not followed (Fetch Standard, "opaque-redirect filtered response"). */
const isRedirected = ({ redirected, type }: FetchResponse & { type?: unknown }): boolean =>
  redirected === true || type === "opaqueredirect";

/** A body that was read within its limit, and what it is in JSON. */
export interface Body {
  text: string;
  json: unknown;
}

/** @param value what the operation read of the body. */
export function readAnswer(
  response: FetchResponse,
  { text, json }: Body,
  value: unknown,
  { secrets, repeated }: { secrets: Secrets; repeated: boolean },
): Answer {
  const { status } = response;
  if (status === 204) return noContent(response, repeated);
  const headers = redactHeaders(response.headers, secrets);
  const base = { status, repeated, headers, retryAfter: readRetryAfter(response.headers) };
  const redirected = isRedirected(response);
  const hasProblemType = status >= 400 && !redirected && isProblemType(response.headers.get("content-type"));
  if (hasProblemType && typeof json === "object" && json !== null && !Array.isArray(json)) {
    const { code, type = "about:blank" } = json as Record<string, unknown>;
    const isNamed = code !== undefined || type !== "about:blank";
    return { kind: "problem", ...base, problem: readProblem(redactJson(json, secrets) as object, status), isNamed };
  }
  // To redact a long text takes long, and a credential that is cut at the end of the excerpt would not be found.
  const excerpt = cut(redact(cut(text, 4 * EXCERPT), secrets), EXCERPT);
  return { kind: "response", ...base, redirected, excerpt, value };
}

function cut(text: string, bytes: number): string {
  // As a stream, so that half a character at the end is left out.
  return new TextDecoder().decode(new TextEncoder().encode(text).subarray(0, bytes), { stream: true });
}

interface FailureContext {
  stage: Stage;
  /** The `fetch` told that the request was started. */
  started: boolean;
  /** The platform may have sent the request before, and this is what became of it when it was sent again. */
  repeated: boolean;
  timeout: number;
  signal: AbortSignal | undefined;
  secrets: Secrets;
}

/** The message for a person, given the message of the cause. */
const CONNECT_FAULTS: Record<ConnectFault, (words: string) => string> = {
  expired: (words) =>
    `the server's certificate is outside its time of validity: ${words}. Check the clock of this machine; if it is right, the certificate must be renewed`,
  "wrong-name": (words) => `the server's certificate is for another host: ${words}. Check the base URL`,
  untrusted: (words) =>
    `the server's certificate is not trusted: ${words}. For a private certificate authority, set NODE_EXTRA_CA_CERTS to its file`,
  "plain-http": () => "the port speaks plain HTTP, not HTTPS. Check the base URL",
  proxy: (words) => `the proxy: ${words}`,
  unreachable: (words) => words,
};

const WAITED_FOR = {
  token: "No token from the token provider",
  connection: "No connection",
  answer: "No complete response",
};

export function readFailure(
  thrown: unknown,
  { stage, started, repeated, timeout, signal, secrets }: FailureContext,
): Failure {
  const failure = { kind: "failure", sent: stage === "answer", cause: undefined } as const;
  if (signal?.aborted) return { ...failure, why: "abort", reason: "The call was aborted" };
  if (isA(thrown, StoppedError)) return { ...failure, why: "stopped", reason: "The run was stopped" };
  if (isA(thrown, ArgumentError)) return { ...failure, why: "argument", reason: thrown.message };
  if (isA(thrown, DeadlineError)) {
    return { ...failure, why: "timeout", reason: `${WAITED_FOR[stage]} within ${timeout / 1_000} s` };
  }
  if (isA(thrown, CredentialError)) return { ...failure, why: "credential", ...readRefusal(thrown, secrets) };
  const cause = readCause(thrown, secrets);
  const words = cause?.words || "no reason was given";
  // OpenSSL uses the same codes after the handshake: then they do not prove that nothing was written.
  const fault = started ? undefined : cause?.fault;
  const reason = `The connection failed: ${fault ? CONNECT_FAULTS[fault](words) : words}`;
  const nothingWritten = fault !== undefined && !(repeated && fault === "unreachable");
  return { ...failure, why: "connection", sent: failure.sent && !nothingWritten, reason, cause: cause?.error };
}

/** Why there is no token. Also for a refresh, which is no attempt. */
export function readRefusal(error: CredentialError, secrets: Secrets) {
  const cause = readCause(error.cause, secrets);
  const reason = [error.message, cause?.words].filter(Boolean).join(": ");
  return { reason, cause: cause?.error };
}
