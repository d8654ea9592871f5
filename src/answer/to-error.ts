// Turns a call that ended into the error that the caller gets: what happened, what it means for the token, what to do.

import type { Ended } from "../call/perform.js";
import { isoTime } from "../call/platform.js";
import type { AttemptResult } from "../call/verdict.js";
import {
  type ErrorInit,
  KaitenAbortError,
  KaitenConnectionError,
  KaitenError,
  KaitenNotAttemptedError,
  KaitenProblemError,
  KaitenResponseError,
  KaitenTimeoutError,
} from "../errors/errors.js";
import type { TokenRef } from "../types.js";

/** What an outcome means, and which scope is needed, in the words of the operation. */
export type Meaning = Record<ErrorInit["outcome"] | "scope", string>;

/** What to do about a problem, by its code. */
const BY_CODE: Record<string, string> = {
  "Auth.NoIdentity": "No credential arrived. A proxy on the way may remove the Authorization header.",
  "ValidateToken.Invalid": "The credential is revoked, expired or unknown here: use another one.",
};

export const NOT_THE_API = "This is not the API's answer: check the base URL.";
const REDIRECT = "Redirects are never followed: check the base URL.";
export const GATEWAY = "This 403 comes from a gateway in front of the API, not from the API. Try again later.";

export interface ErrorContext {
  ref: TokenRef;
  meaning: Meaning;
  /** In ms, of an attempt. */
  timeout: number;
  /** The caller's, where it aborted. */
  signal: AbortSignal | undefined;
}

export function toError(ended: Ended, { ref, meaning, timeout, signal }: ErrorContext): KaitenError {
  const { last, attempts, refreshFailure, aborted } = ended;
  const outcome = ended.outcome as ErrorInit["outcome"];
  const init: ErrorInit = {
    ...{ outcome, attempts, ref, request: last?.request, traceId: last?.traceId, cause: refreshFailure?.cause },
    at: last?.at ?? isoTime(),
  };
  const say = (what: string, advice = "") => [`${sentence(what)}`, meaning[outcome], advice].filter(Boolean).join(" ");
  if (aborted || !last) return new KaitenAbortError(say("The call was aborted"), { ...init, cause: signal?.reason });

  const { result } = last;
  if (result.kind === "failure") {
    const { why, reason, cause } = result;
    if (why === "timeout") return new KaitenTimeoutError(say(reason), timeout, init);
    const ErrorClass = why === "connection" ? KaitenConnectionError : KaitenError;
    return new ErrorClass(say(reason), { ...init, cause });
  }
  const refused = refreshFailure ? `; the token provider gave no replacement: ${refreshFailure.reason}` : "";
  const advice = outcome === "absent" ? "" : adviceFor(result, last.request.url, meaning.scope);
  const message = say(describeAnswer(result) + refused, advice);
  return result.kind === "problem"
    ? new KaitenProblemError(message, result, init)
    : new KaitenResponseError(message, result, init);
}

/** For a token whose turn never came. */
export function notAttempted(ref: TokenRef, outcome: ErrorInit["outcome"], cause: unknown): KaitenNotAttemptedError {
  const known = outcome === "unknown" ? "An earlier attempt may have revoked it." : "If it was active, it still is.";
  const summary = `The run stopped before this token's turn: nothing was sent for it. ${known}`;
  return new KaitenNotAttemptedError(summary, { outcome, attempts: 0, ref, at: isoTime(), cause });
}

export const sentence = (text: string): string => (text.endsWith(".") ? text : `${text}.`);

export type Answer = Exclude<AttemptResult, { kind: "failure" }>;

export function describeAnswer(result: Answer): string {
  if (result.kind === "problem") {
    const { status, problem } = result;
    const name = problem.code ?? problem.title ?? "";
    return [`The API answered ${status} ${name}`.trimEnd(), problem.detail].filter(Boolean).join(": ");
  }
  const type = result.headers.get("content-type") ?? "no media type";
  return result.status ? `Unexpected response ${result.status} (${type})` : `Unexpected redirect (${type})`;
}

function adviceFor(result: Answer, url: string, scope: string): string {
  const { status } = result;
  const code = result.kind === "problem" && result.problem.code;
  if (code === "Auth.MissingScope") return `The credential needs the scope ${scope}.`;
  if (code && Object.hasOwn(BY_CODE, code)) return BY_CODE[code] as string;
  if (status === 0 || (status >= 300 && status < 400)) return REDIRECT + pathHint(url);
  if (status < 300) return NOT_THE_API + pathHint(url);
  if (status === 401) return "Check the credential.";
  if (status === 403 && result.kind === "response") return GATEWAY;
  if (status === 404 || status === 405) return `This says nothing about the token: check the base URL.${pathHint(url)}`;
  if (status === 429) return waitAdvice(result);
  return "";
}

export function waitAdvice({ retryAfter }: Answer): string {
  return `Wait ${retryAfter ? `${Math.ceil(retryAfter / 1_000)} s` : "a few seconds"}, then try again.`;
}

/** Every real deployment serves the API below a path. The URL is redacted: it may not parse. */
export function pathHint(url: string): string {
  return /^https?:\/\/[^/]*\/service-accounts\//.test(url) ? " Is its path missing, such as /api?" : "";
}
