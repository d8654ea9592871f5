// A call: attempts, and the verdict on each. It serves any operation, and does not decide when to try again.

import { MARK } from "../answer/redact.js";
import type { AttemptEvent, Outcome, TokenRef } from "../types.js";
import { type Attempt, attempt, type Operation, type RefreshFailure, refresh, type Transport } from "./attempt.js";
import type { CallCredential } from "./credential.js";
import { pause } from "./deadline.js";
import { randomHex } from "./platform.js";
import { backoff } from "./retry.js";
import type { AttemptResult, Next, Verdict } from "./verdict.js";

export interface CallSettings {
  /** In ms, of an attempt. */
  timeout: number;
  retries: number;
  /** In ms. */
  maxRetryAfter: number;
  signal: AbortSignal | undefined;
}

export interface CallOperation extends Operation {
  credential: CallCredential;
  /** Whether an attempt before the first may have revoked the token. */
  maybeRevoked?: boolean;
  judge(result: AttemptResult, maybeRevoked: boolean): Verdict;
  onAttempt?: ((event: AttemptEvent) => void) | undefined;
}

/** How far a call has come; once it makes no further attempt, how it ended. */
export interface Ended {
  /** The last attempt; undefined if none was made. */
  last: Attempt | undefined;
  attempts: number;
  outcome: Outcome;
  /** Whether an attempt before the last one may have revoked the token. */
  maybeRevoked: boolean;
  /** Whether the caller's signal ended it. */
  aborted: boolean;
  /** Why there was no other token after a 401, where the provider was asked for one. */
  refreshFailure: RefreshFailure | undefined;
}

export interface Call {
  readonly state: Ended;
  /** Makes one attempt. @param mayStart asked when the token is there, before anything is sent. */
  attempt(mayStart?: () => boolean): Promise<{ result: AttemptResult; next: Next }>;
  /** After a 401. @returns whether another token will be sent. */
  refresh(): Promise<boolean>;
  /** Tells the observer of the attempt. @param delay ms until the next one; undefined: there is none. */
  report(delay: number | undefined): void;
}

export function createCall(transport: Transport, operation: CallOperation, settings: CallSettings): Call {
  const { credential, onAttempt, maybeRevoked = false } = operation;
  const { timeout, signal } = settings;
  const traceId = transport.trace ? randomHex(16) : undefined;
  const outcome: Outcome = maybeRevoked ? "unknown" : "not-revoked";
  const state: Ended = {
    ...{ last: undefined, attempts: 0, outcome, maybeRevoked, aborted: false, refreshFailure: undefined },
  };
  let ms = 0;
  return {
    state,
    async attempt(mayStart = () => true) {
      if (state.attempts > 0) state.maybeRevoked ||= state.outcome === "unknown";
      state.refreshFailure = undefined;
      const started = performance.now();
      const last = await attempt(transport, operation, { credential, traceId, timeout, signal, mayStart });
      ms = performance.now() - started;
      const verdict = operation.judge(last.result, state.maybeRevoked);
      Object.assign(state, { last, attempts: state.attempts + 1, outcome: verdict.outcome });
      return { result: last.result, next: verdict.next };
    },
    async refresh() {
      const refreshed = await refresh(credential, timeout, signal);
      if (refreshed !== true) state.refreshFailure = refreshed;
      return refreshed === true;
    },
    report(delay) {
      const { last, attempts, outcome } = state;
      if (onAttempt && last) notify(() => onAttempt(toEvent(operation.slugs, attempts, last, { outcome, ms, delay })));
    },
  };
}

/** Makes attempts until one of them or the caller ends the call. Throws nothing. */
export async function perform(call: Call, { retries, maxRetryAfter, signal }: CallSettings): Promise<Ended> {
  for (let retried = 0; ; ) {
    if (signal?.aborted) return { ...call.state, aborted: true };
    const { result, next } = await call.attempt();
    let delay = next === "backoff" && retried < retries ? retryDelay(result, retried++, maxRetryAfter) : undefined;
    if (next === "refresh" && (await call.refresh())) delay = 0;
    call.report(delay);
    if (delay === undefined) return { ...call.state, aborted: signal?.aborted === true && wasCut(result, next) };
    if (delay > 0) await pause(delay, signal);
  }
}

/** @returns ms; undefined where the server asks for a longer pause than the caller allows. */
export function retryDelay(result: AttemptResult, retried: number, maxRetryAfter: number): number | undefined {
  const asked = result.retryAfter ?? 0;
  return asked > maxRetryAfter ? undefined : Math.max(asked, backoff(retried));
}

/** Whether an abort can have ended the attempt, or the refresh behind it. */
function wasCut(result: AttemptResult, next: Next): boolean {
  return next === "refresh" || (result.kind === "failure" && result.why === "abort");
}

function toEvent(
  ref: TokenRef,
  number: number,
  { request, result, at, traceId }: Attempt,
  { outcome, ms, delay }: { outcome: Outcome; ms: number; delay: number | undefined },
): AttemptEvent {
  const errorId = result.kind === "problem" ? result.problem.errorId : undefined;
  return {
    ...{ ref: shownRef(ref, result), number, url: request.url, at, outcome, ms },
    ...(result.kind === "failure" ? { error: result.reason } : { status: result.status }),
    ...(delay !== undefined && { delay }),
    ...(traceId !== undefined && { traceId }),
    ...(errorId !== undefined && { errorId }),
  };
}

/** A slug that turned out to be the credential is not shown. */
export function shownRef(ref: TokenRef, result: AttemptResult | undefined): TokenRef {
  const isSecret = result?.kind === "failure" && result.why === "argument";
  return isSecret ? { serviceAccountSlug: MARK, tokenSlug: MARK } : ref;
}

/** An observer cannot change what happened to the token: neither by throwing nor by rejecting. */
export function notify(observe: () => unknown): void {
  new Promise((resolve) => resolve(observe())).catch(() => {});
}
