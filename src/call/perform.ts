// A call is a thing that is stepped: an attempt, the verdict on it, what comes next. Two drivers step it: `perform` one call
// alone, the run many at its own pace. It serves any operation.
import { MARK } from "../answer/redact.js";
import type { Attempt, AttemptResult } from "../answer/result.js";
import type { AttemptEvent, Outcome, TokenRef } from "../types.js";
import { attempt, type Operation, type RefreshFailure, refresh, type Transport } from "./attempt.js";
import type { CallCredential } from "./credential.js";
import { pause } from "./deadline.js";
import { randomHex } from "./platform.js";
import { retryDelay } from "./retry.js";
import type { Next, Verdict } from "./verdict.js";

export interface CallSettings {
  /** In ms, of an attempt. */
  timeout: number;
  retries: number;
  /** In ms. */
  maxRetryAfter: number;
  signal: AbortSignal | undefined;
  onAttempt: ((event: AttemptEvent) => void) | undefined;
}

export interface CallOperation extends Operation {
  credential: CallCredential;
  /** The trace that its attempts belong to. @default one of their own */
  traceId?: string | undefined;
  /** @param isOpen whether an earlier attempt may have changed something. */
  judge(result: AttemptResult, isOpen: boolean): Verdict;
}

/** How far a call has come; once it makes no further attempt, how it ended. */
export interface CallState {
  /** The trace that its attempts belong to; undefined where none is sent. */
  traceId: string | undefined;
  /** The last attempt; undefined if none was made. */
  last: Attempt | undefined;
  attempts: number;
  outcome: Outcome;
  /** Whether some request may have been written. */
  written: boolean;
  /** Whether an attempt before the last one may have done what was asked for. */
  wasOpen: boolean;
  /** Whether the caller's signal ended it. */
  aborted: boolean;
  /** Why there was no other token after a 401, where the provider was asked for one. */
  refreshFailure: RefreshFailure | undefined;
}

export interface Call {
  readonly state: Readonly<CallState>;
  /**
   * Makes one attempt. Throws nothing.
   *
   * @param mayStart asked when the token is there, before anything is sent: if not, this was no attempt.
   */
  attempt(mayStart?: () => boolean): Promise<{ result: AttemptResult; next: Next }>;
  /** After a 401. @returns whether another token will be sent. */
  refresh(): Promise<boolean>;
  /** Tells the observer of the attempt. @param delay ms until the next one; undefined: there is none. */
  report(delay: number | undefined): void;
}

export function createCall(transport: Transport, operation: CallOperation, settings: CallSettings): Call {
  const { credential, slugs } = operation;
  const { timeout, signal, onAttempt } = settings;
  const traceId = transport.trace ? (operation.traceId ?? randomHex(16)) : undefined;
  const state: CallState = {
    traceId,
    last: undefined,
    attempts: 0,
    outcome: "not-revoked",
    written: false,
    wasOpen: false,
    aborted: false,
    refreshFailure: undefined,
  };
  let ms = 0;
  return {
    state,
    async attempt(mayStart = () => true) {
      const isOpen = state.outcome === "unknown";
      const started = performance.now();
      const last = await attempt(transport, operation, { credential, traceId, timeout, signal, mayStart });
      const { result } = last;
      const { outcome, next } = operation.judge(result, isOpen);
      if (result.kind === "failure" && result.why === "stopped") return { result, next };
      ms = performance.now() - started;
      state.wasOpen ||= isOpen;
      state.last = last;
      state.attempts++;
      state.outcome = outcome;
      state.written ||= result.kind !== "failure" || result.sent;
      state.aborted = result.kind === "failure" && result.why === "abort";
      state.refreshFailure = undefined;
      return { result, next };
    },
    async refresh() {
      const refreshed = await refresh(credential, timeout, signal);
      if (refreshed === true) return true;
      state.refreshFailure = refreshed;
      state.aborted = signal?.aborted === true;
      return false;
    },
    report(delay) {
      const { last, attempts, outcome } = state;
      if (onAttempt && last) notify(() => onAttempt(toEvent(slugs, attempts, last, { outcome, ms, delay })));
    },
  };
}

/** Makes attempts until one of them or the caller ends the call. Throws nothing. */
export async function perform(call: Call, { retries, maxRetryAfter, signal }: CallSettings): Promise<CallState> {
  for (let retried = 0; ; ) {
    if (signal?.aborted) return { ...call.state, aborted: true };
    const { result, next } = await call.attempt();
    let delay = next === "backoff" && retried < retries ? retryDelay(result, retried++, maxRetryAfter) : undefined;
    if (next === "refresh" && (await call.refresh())) delay = 0;
    call.report(delay);
    if (delay === undefined) return call.state;
    if (delay > 0) await pause(delay, signal);
  }
}

function toEvent(
  ref: TokenRef,
  number: number,
  { request, result, at, traceId }: Attempt,
  { outcome, ms, delay }: { outcome: Outcome; ms: number; delay: number | undefined },
): AttemptEvent {
  const errorId = result.kind === "problem" ? result.problem.errorId : undefined;
  return {
    ...{ ref: shownRef(ref, result), method: request.method, number, url: request.url, at, outcome, ms },
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
