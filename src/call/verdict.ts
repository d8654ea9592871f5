// What an answer proves about a token, and what the record does. The one place where that is decided; pure.
import type { AttemptResult } from "../answer/result.js";
import type { Outcome, User } from "../types.js";

/** What the call does next: end, wait and try again, or ask for another token. */
export type Next = "stop" | "backoff" | "refresh";

export interface Verdict {
  outcome: Outcome;
  next: Next;
}

/** After these, another attempt may fare better. */
const RETRIED: readonly number[] = [500, 502, 503, 504];

/** Of the statuses from 400 to 499, those that IANA registers: only they mean the same to everybody. */
const REGISTERED_4XX: ReadonlySet<number> = new Set([
  ...Array.from({ length: 18 }, (_, index) => 400 + index),
  ...[421, 422, 423, 424, 425, 426, 428, 429, 431, 451],
]);

/** What the result proves on its own. An answer that is not listed proves nothing, and another attempt would not help. */
function judge(result: AttemptResult): Verdict {
  if (result.kind === "failure") {
    const next = result.why === "connection" || result.why === "timeout" ? "backoff" : "stop";
    return { outcome: result.sent ? "unknown" : "not-revoked", next };
  }
  const { status } = result;
  if (result.kind === "response" && result.redirected) return { outcome: "unknown", next: "stop" };
  if (status === 204) return { outcome: "revoked", next: "stop" };
  if (isAbsent(result)) return { outcome: "absent", next: "stop" };
  if (status === 429) return { outcome: "not-revoked", next: "backoff" };
  // The API answers 403 with a problem. Without one it is the gateway, whose own auth service is down.
  if (status === 403 && result.kind === "response") return { outcome: "not-revoked", next: "backoff" };
  if (status === 408) return { outcome: "unknown", next: "backoff" };
  if (status === 401) return { outcome: "not-revoked", next: "refresh" };
  if (REGISTERED_4XX.has(status)) return { outcome: "not-revoked", next: "stop" };
  return { outcome: "unknown", next: RETRIED.includes(status) ? "backoff" : "stop" };
}

/**
 * Judges an attempt by its result and by what came before.
 *
 * @param isOpen whether an earlier attempt may have revoked the token: then a refusal proves nothing any more. Nor does
 *   the refusal of a request that may have been sent twice.
 */
export function verdict(result: AttemptResult, isOpen: boolean): Verdict {
  const { outcome, next } = judge(result);
  const isUnproven = isOpen || (result.kind !== "failure" && result.repeated);
  return { outcome: isUnproven && outcome === "not-revoked" ? "unknown" : outcome, next };
}

/** Whether the API finds no such token. */
export function isAbsent(result: AttemptResult): boolean {
  return result.kind === "problem" && result.status === 404 && result.problem.code === "Token.NotFound";
}

/** Whether the API itself answered for this token: then it works, and its route exists. */
export function isDefinite(result: AttemptResult): boolean {
  if (result.kind === "response") return result.status === 204 && !result.redirected;
  if (result.kind === "failure" || isRouteMissing(result)) return false;
  return result.status < 500 && result.status !== 408 && result.status !== 429;
}

/** The answer of something that does not know the route: usually the base URL lacks its path. */
export function isRouteMissing(result: AttemptResult): boolean {
  return (result.status === 404 && !isAbsent(result)) || result.status === 405;
}

/** Problems that a 403 can be: the gateway accepted the credential, and the API does not let it revoke. */
export const ACCEPTED_BUT_REFUSED: readonly string[] = [
  "Auth.MissingScope",
  "Auth.UserDeleted",
  "Auth.MembershipDeleted",
];

/** Whether no other token will fare better with this credential. */
export function refusesAll(result: AttemptResult): boolean {
  if (result.status === 401) return true;
  const code = result.kind === "problem" && result.status === 403 ? result.problem.code : undefined;
  return code !== undefined && ACCEPTED_BUT_REFUSED.includes(code);
}

/** What the record of the service account says of a token. */
export type Finding =
  | { kind: "revoked"; revokedAt: string; revokedBy: User | undefined }
  /** @property at when it was read: ISO 8601. */
  | { kind: "active"; at: string }
  | { kind: "no-token" }
  | { kind: "no-account" }
  | { kind: "unreadable"; reason: string };

/** What a call has ended with once the record was asked. */
export function settle(ended: Outcome, { kind }: Finding): Outcome {
  if (kind === "revoked") return "revoked";
  if (kind === "no-token" || kind === "no-account") return "absent";
  // Listed as active: a request may still be under way, or two answers contradict each other.
  return kind === "active" && ended !== "not-revoked" ? "unknown" : ended;
}

/** Whether the record can say more than the answers did. @param last the last result. */
export function isForRecord(
  { written, outcome }: { written: boolean; outcome: Outcome },
  last: AttemptResult,
): boolean {
  if (!written || outcome === "revoked") return false;
  // The read would be refused, too.
  return last.status !== 401 && !(last.status === 403 && last.kind === "problem");
}
