// What an attempt proves about a token. The one place where that is decided; pure.
import type { Problem } from "../errors/problem.js";
import type { Outcome } from "../types.js";

/** What one attempt met. Holds no secret. */
export type AttemptResult =
  | {
      kind: "problem";
      status: number;
      problem: Problem;
      /** Its `code` or `type` was no text, and is not in `problem`. */
      unreadableName: boolean;
      headers: Headers;
      retryAfter: number | undefined;
    }
  /** Any other answer. `redirected`: the `fetch` followed a redirect, so it is the answer to another request. */
  | {
      kind: "response";
      status: number;
      redirected: boolean;
      headers: Headers;
      excerpt: string;
      retryAfter: number | undefined;
    }
  /** No complete answer. `sent`: some of the request may have been written. */
  | {
      kind: "failure";
      why: "argument" | "credential" | "connection" | "timeout" | "abort";
      sent: boolean;
      reason: string;
      cause: Error | undefined;
      status?: undefined;
      retryAfter?: undefined;
    };

/** What the call does next: end, wait and try again, or ask for another token. */
export type Next = "stop" | "backoff" | "refresh";

export interface Verdict {
  outcome: Outcome;
  next: Next;
}

const RETRIED = [500, 502, 503, 504];

/** What the result proves on its own. An answer that is not listed proves nothing, and another attempt would not help. */
function judge(result: AttemptResult): Verdict {
  if (result.kind === "failure") {
    const next = result.why === "connection" || result.why === "timeout" ? "backoff" : "stop";
    return { outcome: result.sent ? "unknown" : "not-revoked", next };
  }
  const { status } = result;
  if (result.kind === "response" && result.redirected) return { outcome: "unknown", next: "stop" };
  if (status === 204) return { outcome: "revoked", next: "stop" };
  if (saysAbsent(result)) return { outcome: "absent", next: "stop" };
  if (status === 429) return { outcome: "not-revoked", next: "backoff" };
  // The API answers 403 with a problem. Without one it is the gateway, whose own auth service is down.
  if (status === 403 && result.kind === "response") return { outcome: "not-revoked", next: "backoff" };
  if (status === 408) return { outcome: "unknown", next: "backoff" };
  if (status === 401) return { outcome: "not-revoked", next: "refresh" };
  if (status >= 400 && status < 500) return { outcome: "not-revoked", next: "stop" };
  return { outcome: "unknown", next: RETRIED.includes(status) ? "backoff" : "stop" };
}

function saysAbsent(result: AttemptResult): boolean {
  return result.kind === "problem" && result.status === 404 && result.problem.code === "Token.NotFound";
}

/**
 * Judges an attempt by its result and by what came before.
 *
 * @param maybeRevoked whether an earlier attempt may have revoked the token: then a refusal proves nothing any more.
 * @param repeats whether the platform may repeat a request without reporting it, as browsers do: then a 4xx may be the answer
 *   to the second request.
 */
export function verdict(result: AttemptResult, maybeRevoked: boolean, repeats: boolean): Verdict {
  const { outcome, next } = judge(result);
  const unproven = maybeRevoked || (repeats && result.kind !== "failure");
  return { outcome: unproven && outcome === "not-revoked" ? "unknown" : outcome, next };
}

/** Whether the API itself answered for this token: then it works, and its route exists. */
export function isDefinite(result: AttemptResult): boolean {
  if (result.kind === "response") return result.status === 204 && !result.redirected;
  if (result.kind === "failure" || isRouteMissing(result)) return false;
  return result.status < 500 && result.status !== 408 && result.status !== 429;
}

/** A 404 of something that does not know the route: usually the base URL lacks its path. */
export function isRouteMissing(result: AttemptResult): boolean {
  if (result.status !== 404) return false;
  return result.kind === "response" || result.problem.code === "NOT_FOUND";
}
