// What an attempt met, read into a result that holds no secret. Everything behind it is clean because this file is.

import { CredentialError } from "../call/credential.js";
import { DeadlineError } from "../call/deadline.js";
import { readRetryAfter } from "../call/retry.js";
import type { AttemptResult } from "../call/verdict.js";
import { hasUnreadableName, isProblemType, readProblem } from "../errors/problem.js";
import type { FetchResponse } from "../types.js";
import { type ConnectFault, readCause } from "./cause.js";
import { redact, redactHeaders, redactJson } from "./redact.js";

/** What an attempt waits for. From `answer` on, some of the request may have been written. */
export type Stage = "token" | "connection" | "answer";

/** A slug turned out to be the token that the provider returned. */
export class ArgumentError extends Error {}

/** The run stopped while this call waited for its token. */
export class StoppedError extends Error {}

/** How much of a body an error shows, in bytes. */
const EXCERPT = 2048;

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
export function noContent({ status, redirected = false }: FetchResponse): AttemptResult {
  if (status === 204 && !redirected) return REVOKED;
  return { kind: "response", status, redirected, headers: new Headers(), excerpt: "", retryAfter: undefined };
}

export function readAnswer(response: Response, body: unknown, text: string, secrets: readonly string[]): AttemptResult {
  const { status, redirected = false } = response;
  if (status === 204) return noContent(response);
  const headers = redactHeaders(response.headers, secrets);
  const retryAfter = readRetryAfter(response.headers);
  const hasProblemType = status >= 400 && !redirected && isProblemType(headers.get("content-type"));
  if (hasProblemType && typeof body === "object" && body !== null && !Array.isArray(body)) {
    const problem = readProblem(redactJson(body, secrets) as object, status);
    return { kind: "problem", status, problem, unreadableName: hasUnreadableName(body), headers, retryAfter };
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
  stage: Stage;
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

export function readFailure(
  thrown: unknown,
  { stage, started, timeout, signal, secrets }: FailureContext,
): AttemptResult {
  const failure = { kind: "failure", sent: stage === "answer", cause: undefined } as const;
  if (signal?.aborted) return { ...failure, why: "abort", reason: "The call was aborted" };
  const kind = kindOf(thrown);
  if (kind === StoppedError) return { ...failure, why: "abort", reason: "The run was stopped" };
  if (kind === ArgumentError) return { ...failure, why: "argument", reason: (thrown as Error).message };
  if (kind === DeadlineError) {
    return { ...failure, why: "timeout", reason: `${WAITED_FOR[stage]} within ${timeout / 1_000} s` };
  }
  if (kind === CredentialError)
    return { ...failure, why: "credential", ...readRefusal(thrown as CredentialError, secrets) };
  const cause = readCause(thrown, secrets);
  const words = cause?.words || "no reason was given";
  // OpenSSL uses the same codes after the handshake: then they do not prove that nothing was written.
  const fault = started ? undefined : cause?.fault;
  const reason = `The connection failed: ${fault ? CONNECT_FAULTS[fault](words) : words}`;
  return { ...failure, why: "connection", sent: failure.sent && !fault, reason, cause: cause?.error };
}

/** Which of our own errors was thrown. Any access to a revoked Proxy throws, so it is probed here. */
function kindOf(thrown: unknown) {
  try {
    return [ArgumentError, StoppedError, DeadlineError, CredentialError].find((kind) => thrown instanceof kind);
  } catch {
    return undefined;
  }
}

/** Why there is no token. Also for a refresh, which is no attempt. */
export function readRefusal(error: CredentialError, secrets: readonly string[]) {
  const cause = readCause(error.cause, secrets);
  const reason = [error.message, cause?.words].filter(Boolean).join(": ");
  return { reason, cause: cause?.error };
}
