// A call: attempts, the verdict on each, and when to end. It serves any operation.
import type { AttemptEvent, Outcome, TokenRef } from "../types.js";
import { type Attempt, attempt, type Operation, type RefreshFailure, refresh, type Transport } from "./attempt.js";
import type { CallCredential } from "./credential.js";
import { pause } from "./deadline.js";
import { randomHex } from "./platform.js";
import { MARK } from "./redact.js";
import { backoff } from "./retry.js";
import type { AttemptResult, Next, Verdict } from "./verdict.js";

/** Decides when an attempt may start, and how many there are. A run of many calls has one that knows of all of them. */
export interface Gate {
  /** @returns whether the next attempt may start; false: no further one will. */
  enter(): boolean | Promise<boolean>;
  /** Asked again when the token is there, before anything is sent. */
  mayStart(): boolean;
  /** Called after each attempt. @returns ms until the next one; undefined: there is none. */
  leave(result: AttemptResult, next: Next): number | undefined;
  /** Waits between two attempts, or until they have become pointless. */
  pause(ms: number): Promise<void>;
}

/** The gate of a call on its own. */
function createGate(retries: number, maxRetryAfter: number, signal: AbortSignal | undefined): Gate {
  let retried = 0;
  return {
    enter: () => true,
    mayStart: () => true,
    leave: (result, next) =>
      next === "backoff" && retried < retries ? retryDelay(result, retried++, maxRetryAfter) : undefined,
    pause: (ms) => pause(ms, signal),
  };
}

/** @returns ms; undefined where the server asks for a longer pause than the caller allows. */
export function retryDelay(result: AttemptResult, retried: number, maxRetryAfter: number): number | undefined {
  const asked = result.retryAfter ?? 0;
  return asked > maxRetryAfter ? undefined : Math.max(asked, backoff(retried));
}

export interface CallSettings {
  /** In ms, of an attempt. */
  timeout: number;
  retries: number;
  /** In ms. */
  maxRetryAfter: number;
  signal: AbortSignal | undefined;
}

export interface Call extends Operation, CallSettings {
  credential: CallCredential;
  /** Of the run that the call is part of. By default it has one of its own. */
  gate?: Gate | undefined;
  /** Whether an attempt before the first may have revoked the token. */
  maybeRevoked?: boolean;
  judge(result: AttemptResult, maybeRevoked: boolean): Verdict;
  onAttempt?: ((event: AttemptEvent) => void) | undefined;
}

/** How a call ended. */
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

/** Makes attempts until one of them, the gate or the caller ends the call. Throws nothing. */
export async function perform(transport: Transport, call: Call): Promise<Ended> {
  const { credential, timeout, retries, maxRetryAfter, signal, onAttempt } = call;
  const gate = call.gate ?? createGate(retries, maxRetryAfter, signal);
  const traceId = transport.trace ? randomHex(16) : undefined;
  let { maybeRevoked = false } = call;
  let outcome: Outcome = maybeRevoked ? "unknown" : "not-revoked";
  let last: Attempt | undefined;
  let refreshFailure: RefreshFailure | undefined;

  for (let number = 1; ; number++) {
    const end = (attempts: number, aborted: boolean): Ended => {
      return { last, attempts, outcome, maybeRevoked, aborted, refreshFailure };
    };
    if (signal?.aborted) return end(number - 1, true);
    const open = gate.enter();
    if (open !== true && !(await open)) return end(number - 1, false);

    const started = performance.now();
    refreshFailure = undefined;
    last = await attempt(transport, call, { credential, traceId, timeout, signal, mayStart: gate.mayStart });
    const ms = performance.now() - started;
    const verdict = call.judge(last.result, maybeRevoked);
    outcome = verdict.outcome;

    let delay = gate.leave(last.result, verdict.next);
    if (verdict.next === "refresh") {
      const refreshed = await refresh(credential, timeout, signal);
      if (refreshed === true) delay = 0;
      else refreshFailure = refreshed;
    }
    if (onAttempt) notify(() => onAttempt(toEvent(call.slugs, number, last as Attempt, { outcome, ms, delay })));
    if (delay === undefined) return end(number, signal?.aborted === true && wasCut(last.result, verdict.next));
    maybeRevoked ||= outcome === "unknown";
    if (delay > 0) await gate.pause(delay);
  }
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
