// How fast a run may go, on a clock of the test: the limit, the pause, the outage, and when it stops.
import { describe, expect, test, vi } from "vitest";
import type { AttemptResult } from "../../src/call/verdict.js";
import { createPace, type Pace } from "../../src/run/pace.js";
import type { PaceEvent } from "../../src/types.js";

const answer = (status: number, retryAfter?: number): AttemptResult => ({
  ...{ kind: "response", status, redirected: false, headers: new Headers(), excerpt: "", retryAfter },
});
const problem = (status: number, code?: string): AttemptResult => ({
  kind: "problem",
  status,
  problem: { type: "about:blank", status, ...(code !== undefined && { code }) },
  unreadableName: false,
  headers: new Headers(),
  retryAfter: undefined,
});
const lost: AttemptResult = { kind: "failure", why: "connection", sent: true, reason: "lost", cause: undefined };
const OK = answer(204);

function create(concurrency = 64, maxRetryAfter = 60_000) {
  let time = 0;
  const events: PaceEvent[] = [];
  const pace = createPace({
    ...{ concurrency, maxRetryAfter, now: () => time },
    onPace: (event) => void events.push(event),
  });
  return {
    pace,
    events,
    pass: (ms: number) => {
      time += ms;
    },
    /** One attempt after the other. */
    attempts(...results: AttemptResult[]) {
      for (const result of results) pace.end(pace.start(), result);
    },
    room: () => room(pace),
  };
}

/** How many attempts may start now. */
function room(pace: Pace): number {
  const started: number[] = [];
  while (pace.wait() === 0 && started.length < 1_000) started.push(pace.start());
  for (const at of started) pace.end(at, { ...lost, why: "argument" } as AttemptResult);
  return started.length;
}

describe("the number in flight", () => {
  test.each([
    [1, 1],
    [8, 8],
    [16, 16],
    [256, 16],
  ])("at concurrency %i starts with %i", (concurrency, most) => {
    expect(create(concurrency).room()).toBe(most);
  });

  test("grows by one for each full round of successes, up to the concurrency", () => {
    const { attempts, room } = create(18);
    attempts(...Array(15).fill(OK));
    expect(room()).toBe(16);
    attempts(OK);
    expect(room()).toBe(17);
    attempts(...Array(17).fill(OK));
    expect(room()).toBe(18);
    attempts(...Array(100).fill(OK));
    expect(room()).toBe(18);
  });

  test("is halved once for each pause, and is never less than one", () => {
    const { attempts, room, pass } = create();
    for (const expected of [8, 4, 2, 1, 1]) {
      attempts(answer(429, 1_000));
      pass(1_000);
      expect(room()).toBe(expected);
    }
  });
});

describe("a 429", () => {
  test("pauses the run for its Retry-After", () => {
    const { pace, attempts, pass, events } = create();
    attempts(answer(429, 5_000));
    expect(pace.wait()).toBe(5_000);
    pass(4_999);
    expect(pace.wait()).toBe(1);
    pass(1);
    expect(pace.wait()).toBe(0);
    attempts(OK);
    expect(events).toEqual([{ state: "paused", ms: 5_000 }, { state: "running" }]);
  });

  test.each([
    [0, 1_000],
    [0.999, 1_199.8],
  ])("without one pauses it for 1.0 to 1.2 s: %d", (random, ms) => {
    vi.spyOn(Math, "random").mockReturnValueOnce(random);
    const { pace, attempts } = create();
    attempts(answer(429));
    expect(pace.wait()).toBeCloseTo(ms, 5);
  });

  test("to a request that was sent before the pause neither prolongs it nor halves again", () => {
    const { pace, pass } = create();
    const earlier = [pace.start(), pace.start(), pace.start()];
    pass(10);
    pace.end(earlier[0] as number, answer(429, 2_000));
    pass(500);
    pace.end(earlier[1] as number, answer(429, 9_000));
    expect(pace.wait()).toBe(1_500);
    pass(1_500);
    pace.end(earlier[2] as number, answer(429, 9_000));
    expect(pace.wait()).toBe(0);
    expect(room(pace)).toBe(8);
  });

  test("to a request of the same millisecond does not halve again either", () => {
    const { pace, pass } = create();
    for (const startedAt of [pace.start(), pace.start()]) pace.end(startedAt, answer(429, 1_000));
    pass(1_000);
    expect(room(pace)).toBe(8);
  });

  test("with a Retry-After beyond the limit stops the run, one at the limit does not", () => {
    const { pace, attempts } = create();
    attempts(answer(429, 60_000));
    expect(pace.stopped).toBe(false);
    attempts(answer(429, 60_001));
    expect(pace.stopped).toBe(true);
    expect(pace.wait()).toBe(Number.POSITIVE_INFINITY);
  });

  test("that comes and comes stops the run when nothing else came for as long as the limit", () => {
    const { pace, attempts, pass } = create();
    for (let second = 0; second < 60; second++) {
      attempts(answer(429, 1_000));
      pass(1_000);
      expect(pace.stopped).toBe(false);
    }
    attempts(answer(429, 1_000));
    expect(pace.stopped).toBe(true);
  });

  test("is no outage, and any other answer starts its time anew", () => {
    const { pace, attempts, pass } = create();
    for (let second = 0; second < 300; second++) {
      attempts(answer(429, 1_000), ...(second % 50 === 0 ? [OK] : []));
      pass(1_000);
    }
    expect({ stopped: pace.stopped, outage: pace.outage }).toEqual({ stopped: false, outage: false });
  });
});

describe("an outage", () => {
  test("begins at the eighth attempt in a row without a definite answer, not before", () => {
    const { pace, attempts, events } = create();
    attempts(OK, ...Array(7).fill(lost));
    expect(pace.outage).toBe(false);
    attempts({ ...lost, why: "abort" }, { ...lost, why: "argument" });
    expect(pace.outage).toBe(false);
    attempts(answer(503));
    expect(pace.outage).toBe(true);
    expect(events).toEqual([{ state: "outage" }]);
  });

  test.each<[string, AttemptResult]>([
    ["a lost connection", lost],
    ["a 503", problem(503)],
    ["a 408", problem(408)],
    ["a 403 of the gateway", answer(403)],
    ["a login page", answer(200)],
    ["a redirect", answer(302)],
    ["a route that is missing", problem(404, "NOT_FOUND")],
  ])("is made of %s", (_, result) => {
    const { pace, attempts } = create();
    attempts(OK, ...Array(8).fill(result));
    expect(pace.outage).toBe(true);
  });

  test.each<[string, AttemptResult]>([
    ["a 204", OK],
    ["a token that is not there", problem(404, "Token.NotFound")],
    ["a refusal", problem(403, "Auth.MissingScope")],
    ["a 422", problem(422)],
  ])("ends with %s", (_, result) => {
    const { pace, attempts } = create();
    attempts(OK, ...Array(8).fill(lost), result);
    expect(pace.outage).toBe(false);
    expect(room(pace)).toBe(16);
  });

  test("makes one attempt at a time, with backoff", () => {
    vi.spyOn(Math, "random").mockReturnValue(0);
    const { pace, attempts, pass } = create();
    attempts(OK, ...Array(8).fill(lost));
    const waits: number[] = [];
    for (let probe = 0; probe < 7; probe++) {
      waits.push(pace.wait());
      pass(pace.wait());
      const at = pace.start();
      expect(pace.wait()).toBe(Number.POSITIVE_INFINITY);
      pace.end(at, lost);
    }
    expect(waits).toEqual([250, 500, 1_000, 2_000, 4_000, 4_000, 4_000]);
    vi.restoreAllMocks();
  });

  test("waits for a Retry-After, but no longer than it may last", () => {
    const { pace, attempts } = create();
    attempts(OK, ...Array(7).fill(lost), answer(503, 20_000));
    expect(pace.wait()).toBe(20_000);
    const short = create();
    short.attempts(OK, ...Array(7).fill(lost), answer(503, 10));
    expect(short.pace.wait()).toBeGreaterThanOrEqual(250);
    const other = create();
    other.attempts(OK, ...Array(7).fill(lost), answer(503, 3_600_000));
    expect(other.pace.wait()).toBe(60_000);
  });

  test("stops the run after the limit, not before", () => {
    const { pace, attempts, pass } = create();
    attempts(OK, ...Array(8).fill(lost));
    pass(59_999);
    attempts(lost);
    expect(pace.stopped).toBe(false);
    pass(1);
    attempts(lost);
    expect(pace.stopped).toBe(true);
  });

  test("stops the run at once if it never had a definite answer", () => {
    const { pace, attempts } = create();
    attempts(...Array(7).fill(lost));
    expect(pace.stopped).toBe(false);
    attempts(lost);
    expect(pace.stopped).toBe(true);
  });

  test("has its full time again when it comes again", () => {
    const { pace, attempts, pass } = create();
    for (let time = 0; time < 3; time++) {
      attempts(OK, ...Array(8).fill(lost));
      pass(50_000);
    }
    expect(pace.stopped).toBe(false);
  });
});

describe("a wrong base URL", () => {
  test.each<[string, AttemptResult]>([
    ["a page", answer(404)],
    ["NOT_FOUND", problem(404, "NOT_FOUND")],
  ])("is the third 404 in a row that is %s, if nothing was ever answered", (_, missing) => {
    const { pace, attempts } = create();
    attempts(missing, missing, lost, missing, missing);
    expect(pace.stopped).toBe(false);
    attempts(missing);
    expect(pace.stopped).toBe(true);
    const later = create();
    later.attempts(problem(422), missing, missing, missing, missing);
    expect(later.pace.stopped).toBe(false);
  });
});
