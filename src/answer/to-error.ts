// Turns a call that ended into the error that the caller gets: what happened, what it means for the token, what to do.
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
import type { Attempt } from "./result.js";
import { adviceFor, describeAnswer, sentence } from "./words.js";

/** How a call ended without what it was for. */
export interface EndedCall {
  outcome: ErrorInit["outcome"];
  ref: TokenRef;
  /** The last attempt; undefined if none was made. */
  last: Attempt | undefined;
  attempts: number;
  aborted: boolean;
  refreshFailure: { reason: string; cause: Error | undefined } | undefined;
  /** What the outcome means, in the words of the operation. */
  meaning: string;
  /** That the operation needs; undefined where advice about the answer would mislead. */
  scope: string | undefined;
  /** In ms, of an attempt. */
  timeout: number;
  /** The caller's. */
  signal: AbortSignal | undefined;
}

export function toError(ended: EndedCall): KaitenError {
  const { last, attempts, refreshFailure, aborted, outcome, ref, meaning, scope, timeout, signal } = ended;
  const init: ErrorInit = {
    ...{ outcome, attempts, ref, request: last?.request, traceId: last?.traceId, cause: refreshFailure?.cause },
    at: last?.at ?? new Date().toISOString(),
    status: last?.result.status,
    errorId: last?.result.kind === "problem" ? last.result.problem.errorId : undefined,
  };
  const say = (what: string, advice = "") => [sentence(what), meaning, advice].filter(Boolean).join(" ");
  if (aborted || !last) return new KaitenAbortError(say("The call was aborted"), { ...init, cause: signal?.reason });

  const { result, request } = last;
  if (result.kind === "failure") {
    const { why, reason, cause } = result;
    if (why === "timeout") return new KaitenTimeoutError(say(reason), timeout, init);
    const ErrorClass = why === "connection" ? KaitenConnectionError : KaitenError;
    return new ErrorClass(say(reason), { ...init, cause });
  }
  const refused = refreshFailure ? `; the token provider gave no replacement: ${refreshFailure.reason}` : "";
  const advice = scope === undefined ? "" : adviceFor(result, request.url, scope);
  const message = say(describeAnswer(result) + refused, advice);
  return result.kind === "problem"
    ? new KaitenProblemError(message, result, init)
    : new KaitenResponseError(message, result, init);
}

/** For a token whose turn never came. */
export function notAttempted(ref: TokenRef, cause: unknown): KaitenNotAttemptedError {
  const summary = "The run stopped before this token's turn: nothing was sent for it. If it was active, it still is.";
  const at = new Date().toISOString();
  return new KaitenNotAttemptedError(summary, { outcome: "not-revoked", attempts: 0, ref, at, cause });
}
