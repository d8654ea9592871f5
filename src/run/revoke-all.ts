// Revokes many tokens: one result per reference as it settles, whatever becomes of the others.
//
// One scheduler, `tick`. A reference that was taken is in exactly one place: `waiting` for its next attempt, under way, or
// settled, which happens once, in `settle`. The pace says when an attempt may start; nothing else starts one.
import type { AttemptResult } from "../answer/result.js";
import { notAttempted } from "../answer/to-error.js";
import type { Transport } from "../call/attempt.js";
import type { CallCredential } from "../call/credential.js";
import { type Call, type CallSettings, notify } from "../call/perform.js";
import { retryDelay } from "../call/retry.js";
import { conclude, openRevoke } from "../call/revoke.js";
import { type Next, refusesAll } from "../call/verdict.js";
import { checkRef } from "../check.js";
import { KaitenError } from "../errors/errors.js";
import { isA } from "../is-a.js";
import { SlugError } from "../slug.js";
import type { PaceEvent, TokenRef, TokenRefs, TokenResult } from "../types.js";
import { createPace } from "./pace.js";
import { openSource } from "./source.js";

export interface RunSettings extends CallSettings {
  concurrency: number;
  onPace: ((event: PaceEvent) => void) | undefined;
}

/** A reference that was taken and has no result yet. */
interface Job {
  ref: TokenRef;
  checked: TokenRef;
  call: Call;
  retried: number;
  /** When its next attempt may start. */
  dueAt: number;
  /** Out of retries: until this time it waits for the next definite answer of the run, to make one more attempt. */
  held?: { until: number; definite: number };
}

/** Results that need no waiting could keep timers, sockets and signals from being served for longer. In ms. */
const MAX_BLOCKING = 10;

/**
 * Whoever stops listening, by `break` or by the signal, waits for the requests in flight: none of them is left without a
 * result.
 */
export async function* revokeAll(
  transport: Transport,
  openCredential: () => CallCredential,
  refs: TokenRefs,
  { signal, concurrency, onPace, ...settings }: RunSettings,
): AsyncGenerator<TokenResult, void, undefined> {
  signal?.throwIfAborted();
  const { retries, maxRetryAfter } = settings;
  const now = () => performance.now();
  const pace = createPace({
    ...{ concurrency, maxRetryAfter, now },
    onPace: (event) => onPace && notify(() => onPace(event)),
  });
  const source = openSource(refs);
  // Without the signal: requests in flight finish.
  const callSettings: CallSettings = { ...settings, signal: undefined };
  const waiting = new Set<Job>();
  const results: TokenResult[] = [];
  let underWay = 0;
  let taking = false;
  let halted = false;
  /** What stopped the run: the references that are left get no attempt. */
  let cause: unknown;
  let aborted = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let wake = () => {};

  const isHeld = ({ held }: Job) => held?.definite === pace.definite && !pace.outage;
  const open = () => underWay + waiting.size;
  const countHeld = () => {
    let count = 0;
    for (const job of waiting) if (isHeld(job)) count++;
    return count;
  };
  const nextDue = () => {
    for (const job of waiting) if (!isHeld(job) && now() >= job.dueAt) return job;
    return undefined;
  };

  /** Starts all that may start, settles what may not, and sets the alarm for the next time to look. */
  function tick(): void {
    clearTimeout(timer);
    const held = countHeld();
    // Then no attempt is under way that could bring the definite answer they wait for.
    const isStuck = source.ended && !taking && held > 0 && held === open();
    if (isStuck && pace.definite > 0) pace.declareOutage();
    const isOver = isStopped() || (isStuck && pace.definite === 0);
    for (const job of waiting) if (isOver || (isHeld(job) && now() >= (job.held?.until ?? 0))) settle(job);
    while (isStopped() || pace.wait() === 0) {
      const job = isStopped() ? undefined : nextDue();
      if (job) void run(job);
      else if (mayTake()) void take();
      else break;
    }
    let alarm = mayTake() ? pace.wait() : Infinity;
    for (const job of waiting) {
      const ms = isHeld(job) ? (job.held?.until ?? 0) - now() : Math.max(job.dueAt - now(), pace.wait());
      alarm = Math.min(alarm, ms);
    }
    if (alarm < Infinity) timer = setTimeout(tick, Math.ceil(alarm));
    wake();
  }

  const isStopped = () => halted || pace.stopped;
  const mayTake = () => !taking && !source.ended && hasRoom();

  /** Results that nobody has taken count too: that is the back-pressure. Held calls do not: others take their place. */
  const hasRoom = () => open() - countHeld() + results.length < concurrency;

  async function take(): Promise<void> {
    taking = true;
    const taken = await source.take();
    taking = false;
    if (taken) accept(taken.ref);
    tick();
  }

  function accept(ref: TokenRef): void {
    let checked: TokenRef | undefined;
    try {
      checked = checkRef(ref);
      const call = openRevoke(transport, openCredential(), checked, callSettings);
      waiting.add({ ref, checked, call, retried: 0, dueAt: 0 });
    } catch (thrown) {
      results.push(unreadable(ref, checked ? "unknown" : "not-revoked", thrown));
    }
  }

  /** One attempt of one job. */
  async function run(job: Job): Promise<void> {
    waiting.delete(job);
    underWay++;
    const startedAt = pace.start();
    const definiteBefore = pace.definite;
    const { result, next } = await job.call.attempt(() => !halted);
    pace.end(startedAt, result);
    let delay = delayOf(job, result, next, definiteBefore);
    tick();
    if (next === "refresh" && (await job.call.refresh())) delay = 0;
    job.call.report(delay);
    underWay--;
    if (delay === undefined || isStopped()) settle(job);
    else {
      job.dueAt = now() + delay;
      waiting.add(job);
    }
    tick();
  }

  /** @returns ms until the next attempt; undefined: there is none. */
  function delayOf(job: Job, result: AttemptResult, next: Next, definiteBefore: number): number | undefined {
    if (pace.stopped || (result.kind === "failure" && result.why === "argument")) return undefined;
    // Then the result was no definite answer: the call waits for one.
    if (pace.outage) return 0;
    if (next !== "backoff") return undefined;
    if (result.status === 429) return 0;
    if (job.retried < retries) return retryDelay(result, job.retried++, maxRetryAfter);
    // Others were answered meanwhile: it is this token that fails.
    if (job.held || pace.definite > definiteBefore) return undefined;
    job.held = { until: now() + maxRetryAfter, definite: pace.definite };
    return 0;
  }

  /** The one place where a reference that was accepted gets its result. */
  function settle(job: Job): void {
    waiting.delete(job);
    const { ref, checked, call } = job;
    try {
      if (call.state.attempts === 0) throw notAttempted(checked, cause ?? signal?.reason);
      results.push({ ...conclude(call.state, undefined, checked, callSettings), ref });
    } catch (thrown) {
      results.push(failed(job, thrown));
    }
  }

  function failed({ ref, call }: Job, thrown: unknown): TokenResult {
    if (isA(thrown, KaitenError)) {
      const last = call.state.last?.result;
      if (pace.stopped || (last && refusesAll(last))) {
        cause ??= thrown;
        halted = true;
      }
      const { outcome, attempts, at, status, traceId, errorId } = thrown;
      return {
        ...{ ref, outcome, attempts, at, error: thrown },
        ...(status !== undefined && { status }),
        ...(traceId !== undefined && { traceId }),
        ...(errorId !== undefined && { errorId }),
      };
    }
    // The slug is the provider's token, so nothing was sent. Whatever else is thrown proves nothing.
    if (thrown instanceof SlugError) return unreadable(ref, "not-revoked", thrown, thrown.attempts);
    return unreadable(ref, "unknown", thrown);
  }

  const change = () =>
    new Promise<void>((resolve) => {
      wake = resolve;
    });
  const halt = () => {
    source.close();
    halted = true;
    tick();
  };
  const abort = () => {
    aborted = !source.ended || open() > 0 || taking;
    halt();
  };
  signal?.addEventListener("abort", abort);
  let lastPause = now();
  try {
    tick();
    while (results.length > 0 || open() > 0 || taking || !source.ended) {
      for (let result = results.shift(); result; result = results.shift()) {
        yield result;
        if (now() - lastPause < MAX_BLOCKING) continue;
        await new Promise((resolve) => setTimeout(resolve));
        lastPause = now();
      }
      tick();
      if (results.length > 0 || (open() === 0 && !taking && source.ended)) continue;
      // A source that is blocked does not hold up the end; a reference that it gave just before is still taken.
      if (source.ended && taking && open() === 0) {
        await Promise.race([change(), new Promise((resolve) => setTimeout(resolve))]);
        if (taking && results.length === 0) break;
        continue;
      }
      await change();
    }
  } finally {
    signal?.removeEventListener("abort", abort);
    halt();
    while (underWay > 0) await change();
    clearTimeout(timer);
  }
  if (source.failure) throw source.failure.error;
  if (aborted) throw signal?.reason;
}

function unreadable(ref: TokenRef, outcome: "not-revoked" | "unknown", thrown: unknown, attempts = 0): TokenResult {
  const error = isA(thrown, TypeError) ? thrown : new TypeError("The reference cannot be read.", { cause: thrown });
  return { ref, outcome, attempts, at: new Date().toISOString(), error };
}
