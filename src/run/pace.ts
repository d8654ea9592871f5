// How fast a run may go, and when to go on is pointless. Pure, except for its clock. It knows no operations: it is told
// what each attempt met.
//
// - It begins with few in flight, and doubles that while answers are accepted.
// - A refusal pauses the run. Then one request goes alone; the others follow when it is accepted, with a gap between two
//   starts. Each refusal makes the gap longer, each accepted answer a little shorter.
// - Eight failures in a row are an outage: one request at a time, with backoff, until a definite answer ends it.
// - It stops the run after `maxRetryAfter` of nothing but refusals, or of an outage.
import { backoff } from "../call/retry.js";
import type { PaceEvent } from "../types.js";

/**
 * What an attempt met:
 *
 * - `accepted`: a definite answer. The API works, and is not asked too fast.
 * - `refused`: a 429. The run is too fast, or something else on the same credential is.
 * - `unavailable`: a 503. Some gateways refuse with it, others have no API behind them: it counts as both.
 * - `failed`: no definite answer.
 * - `nothing`: what proves nothing about the API.
 */
export type Meaning = "accepted" | "refused" | "unavailable" | "failed" | "nothing";

/** The most requests in flight at the start of a run. */
const FIRST_LIMIT = 16;
/** This many failures in a row are an outage. */
const OUTAGE_FAILURES = 8;
/** So many attempts fail in an outage before a run stops that never had a definite answer. */
const FIRST_PROBES = 6;
/** In ms: the longest pause between two attempts in an outage. */
const LONGEST_PROBE = 2_000;
/** In ms: how long an outage is waited out by those that are the last of a list. */
const LAST_WAIT = 15_000;
/** From so many answers that were accepted before a refusal, the limit can be told. */
const MANY = 16;
/** In ms, if the first refusal comes before; and the longest. */
const FIRST_GAP = 4;
const LONGEST_GAP = 1_000;
/** A refusal makes the gap so many times longer (more if it comes before), an accepted answer a little shorter. */
const SLOWER = 1.25;
const MUCH_SLOWER = 1.5;
const FASTER = 0.997;

/** An attempt that was started. */
export interface Start {
  /** How many pauses there had been. */
  readonly pauses: number;
  /** It is to tell whether an outage is over. */
  readonly isProbe: boolean;
  /** It is the one request that goes alone after a pause. */
  readonly alone: boolean;
}

/**
 * @param concurrency the most in flight.
 * @param maxRetryAfter in ms: so long a run waits for the end of a limit or an outage.
 * @param now in ms, monotonic.
 */
export function createPace({
  concurrency,
  maxRetryAfter,
  now,
  onPace,
}: {
  concurrency: number;
  maxRetryAfter: number;
  now: () => number;
  onPace: (event: PaceEvent) => void;
}) {
  const inFlight = new Set<Start>();
  let limit = Math.min(FIRST_LIMIT, concurrency);
  /** Accepted answers since the limit was raised. */
  let round = 0;
  let definite = 0;
  let stopped = false;

  /** In ms, between two starts. */
  let gap = 0;
  let nextStart = 0;
  let pauses = 0;
  let pausedUntil = 0;
  /** One request at a time: none was accepted since the pause. */
  let alone = false;
  /** Accepted answers since the pause. */
  let accepted = 0;
  /** When the first of an unbroken row of refusals came. */
  let refusedSince: number | undefined;
  /** Accepted answers in this second, when it began, and the most in any second since there is a gap. */
  let second = { count: 0, since: 0, best: 0 };

  let failures = 0;
  let outage: { since: number; probes: number; next: number } | undefined;

  let state: PaceEvent["state"] = "running";
  const report = (event: PaceEvent) => {
    if (event.state === "running" && state === "running") return;
    state = event.state;
    onPace(event);
  };

  function accept(time: number, isCurrent: boolean): void {
    definite++;
    accepted++;
    failures = 0;
    refusedSince = undefined;
    outage = undefined;
    if (isCurrent) alone = false;
    report({ state: "running" });
    gap = gap < 0.5 ? 0 : gap * FASTER;
    if (time - second.since >= 1_000) second = { ...second, count: 0, since: time };
    second.count++;
    second.best = Math.max(second.best, second.count);
    if (++round < limit) return;
    round = 0;
    limit = Math.min(concurrency, limit * 2);
  }

  function refuse(time: number, isCurrent: boolean, retryAfter: number): void {
    refusedSince ??= time;
    if (retryAfter > maxRetryAfter || time - refusedSince >= maxRetryAfter) stopped = true;
    // Sent before the pause: it belongs to the limit that the run has already met.
    if (stopped || !isCurrent) return;
    const ms = Math.max(retryAfter, (accepted > 0 ? 100 : 200) * (1 + Math.random() / 2));
    if (gap === 0) {
      gap = accepted < MANY ? FIRST_GAP : 1_000 / second.best;
      second = { count: 0, since: time, best: 0 };
    } else if (accepted > 0) {
      // Refusals that have nothing to do with the rate would make it ever longer.
      const longest = Math.min(LONGEST_GAP, (SLOWER * 1_000) / second.best);
      gap = Math.min(longest, gap * (accepted < MANY ? MUCH_SLOWER : SLOWER));
    }
    pauses++;
    pausedUntil = time + ms;
    alone = true;
    accepted = 0;
    if (!outage) report({ state: "paused", ms });
  }

  function fail(time: number, isProbe: boolean, retryAfter: number): void {
    if (outage && !isProbe) return;
    if (!outage) {
      if (++failures < OUTAGE_FAILURES) return;
      outage = { since: time, probes: 0, next: 0 };
      report({ state: "outage" });
    } else outage.probes++;
    const end = outage.since + maxRetryAfter;
    // If nothing ever worked, nothing suggests that waiting helps.
    if (time >= end || (definite === 0 && outage.probes >= FIRST_PROBES)) stopped = true;
    const ms = Math.max(retryAfter, Math.min(LONGEST_PROBE, backoff(outage.probes)));
    outage.next = Math.min(end, time + ms);
  }

  /** @returns ms until an attempt may start if no other one is under way. */
  const rest = () => Math.max(0, pausedUntil - now(), (outage ? outage.next : nextStart) - now());

  return {
    rest,
    /** @returns ms until an attempt may start: 0 for now, Infinity for after another one has ended. */
    wait(): number {
      const isBlocked = inFlight.size > 0 && (alone || outage);
      return stopped || isBlocked || inFlight.size >= limit ? Number.POSITIVE_INFINITY : rest();
    },
    start(): Start {
      const start = { pauses, alone, isProbe: outage !== undefined };
      inFlight.add(start);
      // Timers come up to a millisecond late: that is made up for.
      nextStart = Math.max(nextStart, now() - 1) + gap;
      return start;
    },
    /** An attempt has ended. To tell again changes nothing. @param retryAfter in ms. */
    end(start: Start, meaning: Meaning, retryAfter = 0): void {
      if (!inFlight.delete(start)) return;
      const time = now();
      const isCurrent = start.pauses === pauses;
      if (meaning === "accepted") accept(time, isCurrent);
      if (meaning === "refused" || meaning === "unavailable") refuse(time, isCurrent, retryAfter);
      if (meaning === "failed") refusedSince = undefined;
      const isFailure = meaning === "failed" || (meaning === "unavailable" && isCurrent);
      if (isFailure || (start.isProbe && meaning === "nothing")) fail(time, start.isProbe, retryAfter);
    },
    /** Ends an outage that the last of a list have waited out for long enough. @returns whether it did. */
    endLongOutage(): boolean {
      if (!outage || now() - outage.since < LAST_WAIT) return false;
      outage = undefined;
      failures = 0;
      report({ state: "running" });
      return true;
    },
    /** How many definite answers there were. */
    get definite() {
      return definite;
    },
    /** No call settles, and one attempt at a time is made. */
    get outage() {
      return outage !== undefined;
    },
    /** To go on is pointless. */
    get stopped() {
      return stopped;
    },
  };
}
