// How fast a run of many calls may go, and when to go on is pointless. Pure, except for its clock.

import type { AttemptResult } from "../answer/result.js";
import { backoff } from "../call/retry.js";
import { isDefinite, isRouteMissing } from "../call/verdict.js";
import type { PaceEvent } from "../types.js";

/** The most requests in flight at the start of a run: the server hashes the credential for each, 50 to 100 ms. */
const FIRST_LIMIT = 16;
/** This many attempts in a row without a definite answer are an outage. */
const OUTAGE_ATTEMPTS = 8;
/** This many missing routes in a row, before any definite answer, mean a wrong base URL. */
const MAX_MISSING_ROUTES = 3;

export interface Pace {
  /** @returns ms until an attempt may start: 0 for now, Infinity for after another one has ended. */
  wait(): number;
  /** An attempt starts. @returns when, for `end`. */
  start(): number;
  end(startedAt: number, result: AttemptResult): void;
  /** Treats the run as in an outage: only calls that met no definite answer are left. */
  declareOutage(): void;
  /** How many definite answers there were. */
  readonly definite: number;
  /** No call settles without a definite answer, and one attempt at a time is made. */
  readonly outage: boolean;
  /** To go on is pointless. */
  readonly stopped: boolean;
}

export interface PaceOptions {
  concurrency: number;
  /** In ms: how long a run is held up by a limit or an outage. */
  maxRetryAfter: number;
  /** In ms, monotonic. */
  now: () => number;
  onPace: (event: PaceEvent) => void;
}

export function createPace({ concurrency, maxRetryAfter, now, onPace }: PaceOptions): Pace {
  let limit = Math.min(FIRST_LIMIT, concurrency);
  let inFlight = 0;
  /** Since the limit was last raised or lowered. */
  let successes = 0;
  let definite = 0;
  let stopped = false;

  let pausedAt = Number.NEGATIVE_INFINITY;
  let pausedUntil = Number.NEGATIVE_INFINITY;
  /** When the first of an unbroken row of 429s came. */
  let limitedSince: number | undefined;

  let indefinite = 0;
  let missingRoutes = 0;
  let outageSince: number | undefined;
  let probes = 0;
  let nextProbe = 0;
  let state: PaceEvent["state"] = "running";

  const report = (event: PaceEvent) => {
    if (event.state === "running" && state === "running") return;
    state = event.state;
    onPace(event);
  };

  function limited(time: number, startedAt: number, retryAfter: number | undefined): void {
    limitedSince ??= time;
    const ms = retryAfter ?? 1_000 + Math.random() * 200;
    if (ms > maxRetryAfter || time - limitedSince >= maxRetryAfter) {
      stopped = true;
      return;
    }
    // Sent before the pause began: this 429 belongs to the limit that the run has already met.
    if (startedAt <= pausedAt) return;
    pausedAt = time;
    pausedUntil = time + ms;
    limit = Math.max(1, Math.floor(limit / 2));
    successes = 0;
    report({ state: "paused", ms });
  }

  function failed(time: number, result: AttemptResult): void {
    indefinite++;
    missingRoutes = isRouteMissing(result) ? missingRoutes + 1 : 0;
    if (definite === 0 && missingRoutes >= MAX_MISSING_ROUTES) stopped = true;
    if (indefinite >= OUTAGE_ATTEMPTS) outage(time, result);
  }

  function outage(time: number, result?: AttemptResult): void {
    if (outageSince === undefined) {
      outageSince = time;
      probes = 0;
      report({ state: "outage" });
    }
    const end = outageSince + maxRetryAfter;
    // If nothing ever worked, nothing suggests that waiting helps.
    if (definite === 0 || time >= end) stopped = true;
    nextProbe = Math.min(end, time + Math.max(result?.retryAfter ?? 0, backoff(probes++)));
  }

  function answered(): void {
    definite++;
    indefinite = 0;
    missingRoutes = 0;
    outageSince = undefined;
    report({ state: "running" });
    if (++successes < limit) return;
    successes = 0;
    limit = Math.min(concurrency, limit + 1);
  }

  return {
    wait() {
      const time = now();
      if (stopped) return Number.POSITIVE_INFINITY;
      if (time < pausedUntil) return pausedUntil - time;
      if (outageSince === undefined) return inFlight < limit ? 0 : Number.POSITIVE_INFINITY;
      return inFlight > 0 ? Number.POSITIVE_INFINITY : Math.max(0, nextProbe - time);
    },
    start() {
      inFlight++;
      return now();
    },
    end(startedAt, result) {
      inFlight--;
      if (result.kind === "failure" && (result.why === "argument" || result.why === "abort")) return;
      const time = now();
      if (result.status === 429) return limited(time, startedAt, result.retryAfter);
      limitedSince = undefined;
      if (isDefinite(result)) answered();
      else failed(time, result);
    },
    declareOutage: () => outage(now()),
    get definite() {
      return definite;
    },
    get outage() {
      return outageSince !== undefined;
    },
    get stopped() {
      return stopped;
    },
  };
}
