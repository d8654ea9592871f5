// How fast a run goes and when it stops, in the end that its tokens come to: the run is the real one, the gateway a few lines,
// and the clock the test's. Each row is played with several seeds of all that is random; PACE_SEEDS sets how many.
import { describe, expect, test, vi } from "vitest";
import { createPace, type Meaning, type Start } from "../../src/run/pace.js";
import type { PaceEvent } from "../../src/types.js";
import { bad, down, everyTenth, fixedWindow, late, play, type Server, slowStart, spacing } from "./play-run.js";

/** What a row must come to, at most. */
interface Limits {
  seconds: number;
  /** Tokens that are not revoked at the end. @default 0 */
  alive?: number;
  /** With those that were not refused. */
  requests: number;
  /** For one token. */
  attempts: number;
}

type Case = [name: string, tokens: number, concurrency: number[], server: () => Server, Limits];

const seedsFor = (tokens: number): number => Number(process.env.PACE_SEEDS ?? (tokens > 300 ? 1 : 3));

async function playAll([, tokens, , server, { alive = 0, ...limits }]: Case, concurrency: number): Promise<void> {
  for (let seed = 1; seed <= seedsFor(tokens); seed++) {
    const run = await play({ tokens, concurrency, server: server() }, seed);
    expect(run.alive, `seed ${seed}`).toBe(alive);
    expect(run.ms / 1_000, `seed ${seed}: s`).toBeLessThanOrEqual(limits.seconds);
    expect(run.requests, `seed ${seed}: requests`).toBeLessThanOrEqual(limits.requests);
    expect(run.attempts, `seed ${seed}: attempts for one token`).toBeLessThanOrEqual(limits.attempts);
  }
}

function rows(cases: Case[]): void {
  for (const row of cases) {
    test.each(row[2])(`${row[0]}: %i in flight`, (concurrency) => playAll(row, concurrency));
  }
}

// The limit allows 10 s for a thousand: a tenth longer, and at most one request in six is refused.
const THOUSAND: Limits = { seconds: 11, requests: 1_200, attempts: 5 };

describe("a limit", () => {
  rows([
    ["100 a second, with 429", 1_000, [8, 64, 256], () => fixedWindow(100, 429, 60), THOUSAND],
    ["100 a second, with 503", 1_000, [8, 64, 256], () => fixedWindow(100, 503, 60), THOUSAND],
    ["one each 20 ms, with 429", 300, [8, 64], () => spacing(50, 429), { seconds: 9, requests: 350, attempts: 4 }],
    ["one each 20 ms, with 503", 300, [8, 64], () => spacing(50, 503), { seconds: 9, requests: 350, attempts: 4 }],
    ["and a burst of 20", 300, [8, 64], () => spacing(50, 503, 20), { seconds: 11, requests: 350, attempts: 4 }],
    [
      "one each 40 ms, after a slow start",
      300,
      [8, 64],
      () => slowStart(spacing(25, 429), 800),
      { seconds: 17, requests: 350, attempts: 4 },
    ],
    [
      "one each 40 ms, and requests that arrive late",
      300,
      [8, 64],
      () => late(spacing(25, 429), 10),
      { seconds: 19, requests: 350, attempts: 4 },
    ],
    [
      "five a second and a burst of five",
      300,
      [8, 64],
      () => spacing(5, 503, 5),
      { seconds: 65, requests: 380, attempts: 5 },
    ],
    [
      "five a second and a burst of 20",
      300,
      [8, 64],
      () => spacing(5, 503, 20),
      { seconds: 62, requests: 370, attempts: 5 },
    ],
    [
      "a 429 for every tenth request, whatever the rate",
      500,
      [8],
      () => everyTenth(5),
      { seconds: 30, requests: 556, attempts: 4 },
    ],
    [
      "a 429 for every tenth request, which takes longer",
      500,
      [8],
      () => everyTenth(60),
      { seconds: 30, requests: 556, attempts: 4 },
    ],
  ]);
});

describe("tokens that always fail, among others that do not", () => {
  rows([
    [
      "one with 503 and Retry-After",
      30,
      [1, 8, 64],
      () => bad((token) => token === 5, 503, 1),
      { seconds: 4.6, alive: 1, requests: 35, attempts: 4 },
    ],
    [
      "one with 503",
      30,
      [1, 8, 64],
      () => bad((token) => token === 5, 503),
      { seconds: 2, alive: 1, requests: 35, attempts: 4 },
    ],
    [
      "the first one with 500",
      30,
      [1, 8, 64],
      () => bad((token) => token === 0),
      { seconds: 1.9, alive: 1, requests: 35, attempts: 4 },
    ],
    [
      "the last two with 500",
      30,
      [8],
      () => bad((token) => token > 27),
      { seconds: 20.8, alive: 2, requests: 51, attempts: 12 },
    ],
    [
      "every second one with 500",
      30,
      [1, 8, 64],
      () => bad((token) => token % 2 === 1),
      { seconds: 23.6, alive: 15, requests: 92, attempts: 9 },
    ],
    [
      "every second of a thousand with 500",
      1_000,
      [8],
      () => bad((token) => token % 2 === 1),
      { seconds: 116, alive: 500, requests: 2_600, attempts: 8 },
    ],
    [
      "the first eight of a thousand with 500",
      1_000,
      [8],
      () => bad((token) => token < 8),
      { seconds: 20.7, alive: 8, requests: 1_040, attempts: 9 },
    ],
    [
      "twenty in the middle with 500",
      1_000,
      [8],
      () => bad((token) => token >= 500 && token < 520),
      { seconds: 31, alive: 20, requests: 1_100, attempts: 18 },
    ],
  ]);
});

describe("an API that never answers: the run stops", () => {
  rows([
    [
      "with 503",
      300,
      [1, 8, 256],
      () => () => ({ status: 503 }),
      { seconds: 11.7, alive: 300, requests: 32, attempts: 2 },
    ],
    ["without a connection", 300, [8, 64], () => down(0, 1e9), { seconds: 9.9, alive: 300, requests: 32, attempts: 2 }],
  ]);
});

describe("an outage", () => {
  /** Six seconds, from when the first of the last tokens is tried. */
  const atEnd = (first: number) => (): Server => {
    let from: number | undefined;
    return ({ ms, token }) => {
      if (token !== undefined && token >= first) from ??= ms;
      const isDown = from !== undefined && ms < from + 6_000 && (token === undefined || token >= first);
      return isDown ? { status: 0, latency: 1 } : { status: 204 };
    };
  };
  const gateway: Server = ({ ms }) => (ms >= 100 && ms < 500 ? { status: 403, latency: 1 } : { status: 204 });
  rows([
    ["of the first 300 ms", 100, [8, 64], () => down(0, 300), { seconds: 1.2, requests: 125, attempts: 2 }],
    [
      "of 300 ms in the middle",
      1_000,
      [16, 64],
      () => down(200, 500, 20),
      { seconds: 3, requests: 1_080, attempts: 2 },
    ],
    ["of six seconds", 1_500, [1], () => down(800, 6_800, 20), { seconds: 40.7, requests: 1_520, attempts: 2 }],
    ["of six seconds", 1_500, [8], () => down(800, 6_800, 20), { seconds: 11.9, requests: 1_520, attempts: 2 }],
    ["of six seconds", 3_000, [64], () => down(400, 6_400, 20), { seconds: 9.5, requests: 3_080, attempts: 2 }],
    [
      "of the gateway's auth service for 400 ms",
      3_000,
      [8],
      () => gateway,
      { seconds: 3.3, requests: 3_020, attempts: 2 },
    ],
    // A call that is the only one left ends as a call alone does.
    ["with one token left", 101, [8], atEnd(100), { seconds: 2, alive: 1, requests: 105, attempts: 4 }],
    ["with two tokens left", 102, [8], atEnd(100), { seconds: 8.7, requests: 130, attempts: 9 }],
    ["with three tokens left", 103, [8], atEnd(100), { seconds: 8.7, requests: 130, attempts: 7 }],
    ["with seven tokens left", 107, [8], atEnd(100), { seconds: 8.7, requests: 140, attempts: 5 }],
  ]);

  test.each([
    ["one", 9, 9],
    ["three", 7, 9],
  ])("%s failing when the source has no more to give for ten minutes: they settle meanwhile", async (_, from, to) => {
    const server = bad((token) => token >= from && token <= to);
    const pause = { at: 10, until: 600_000 };
    const run = await play({ tokens: 20, concurrency: 8, server, pause }, 1);
    expect(run.alive).toBe(to - from + 1);
    expect(run.requests).toBeLessThan(45);
    const settledAt = run.results.slice(0, 10).map(({ ms }) => ms);
    expect(Math.max(...settledAt)).toBeLessThan(20_000);
  });
});

describe("a pace", () => {
  function create({ concurrency = 8, maxRetryAfter = 60_000 } = {}) {
    let time = 0;
    const events: PaceEvent[] = [];
    const now = () => time;
    const pace = createPace({ concurrency, maxRetryAfter, now, onPace: (event) => void events.push(event) });
    const pass = (ms: number) => {
      time += ms;
    };
    /** As many attempts as may start now. */
    const startAll = () => {
      const starts: Start[] = [];
      while (pace.wait() === 0) starts.push(pace.start());
      return starts;
    };
    /** One attempt after the other, as soon as it may start. */
    const attempts = (...meanings: [Meaning, number?][]) => {
      for (const [meaning, retryAfter] of meanings) {
        pass(pace.wait());
        pace.end(pace.start(), meaning, retryAfter);
      }
    };
    return { pace, events, pass, startAll, attempts };
  }
  const times = (count: number, meaning: Meaning): [Meaning][] => Array(count).fill([meaning]);

  test("starts with 16 in flight, and doubles that after each full round of accepted answers, up to the concurrency", () => {
    const { pace, startAll } = create({ concurrency: 100 });
    for (const most of [16, 32, 64, 100, 100]) {
      const starts = startAll();
      expect(starts).toHaveLength(most);
      for (const start of starts) pace.end(start, "accepted");
    }
    expect(create({ concurrency: 3 }).startAll()).toHaveLength(3);
  });

  test("pauses for the Retry-After of a refusal, then lets one request go alone until it is accepted", () => {
    const { pace, events, pass, startAll } = create();
    const [first, second, ...rest] = startAll() as [Start, Start, ...Start[]];
    pace.end(first, "refused", 5_000);
    // Sent before the pause: it makes it no longer.
    pace.end(second, "refused", 9_000);
    for (const start of rest) pace.end(start, "accepted");
    expect(pace.wait()).toBe(5_000);
    pass(5_000);
    const alone = startAll();
    expect(alone).toMatchObject([{ alone: true }]);
    pace.end(alone[0] as Start, "accepted");
    expect(events).toEqual([{ state: "paused", ms: 5_000 }, { state: "running" }]);
    pass(pace.wait());
    expect(pace.start()).toMatchObject({ alone: false });
  });

  test("pauses for 100 to 150 ms without a Retry-After, and for twice as long where nothing was accepted since the last pause", () => {
    const { pace, pass, attempts } = create();
    const random = vi.spyOn(Math, "random").mockReturnValue(0);
    attempts(["accepted"], ["refused"]);
    expect(pace.wait()).toBe(100);
    attempts(["refused"]);
    expect(pace.wait()).toBe(200);
    random.mockReturnValue(1);
    attempts(["accepted"]);
    pass(1_000);
    attempts(["refused"]);
    expect(pace.wait()).toBe(150);
    random.mockRestore();
  });

  test("stops at a Retry-After that is longer than allowed, and after as long of nothing but refusals", () => {
    const long = create();
    long.attempts(["refused", 60_000]);
    expect(long.pace.stopped).toBe(false);
    long.attempts(["refused", 60_001]);
    expect(long.pace.stopped).toBe(true);
    const endless = create();
    for (let second = 0; second <= 60; second++) {
      expect(endless.pace.stopped).toBe(false);
      endless.attempts(["refused", 1_000]);
    }
    expect(endless.pace.stopped).toBe(true);
    expect(endless.pace.wait()).toBe(Number.POSITIVE_INFINITY);
  });

  test("calls eight failures in a row an outage, then lets one request go at a time, with backoff", () => {
    vi.spyOn(Math, "random").mockReturnValue(0);
    const { pace, events, pass, attempts, startAll } = create();
    attempts(["accepted"], ...times(7, "failed"), ["accepted"], ...times(7, "failed"));
    expect(pace.outage).toBe(false);
    attempts(["failed"]);
    expect(pace.outage).toBe(true);
    const waits: number[] = [];
    for (let probe = 0; probe < 6; probe++) {
      waits.push(pace.wait());
      pass(pace.wait());
      const probes = startAll();
      expect(probes).toHaveLength(1);
      pace.end(probes[0] as Start, "failed");
    }
    vi.restoreAllMocks();
    expect(waits).toEqual([250, 500, 1_000, 2_000, 2_000, 2_000]);
    attempts(["accepted"]);
    expect({ outage: pace.outage, events }).toEqual({
      outage: false,
      events: [{ state: "outage" }, { state: "running" }],
    });
  });

  test("does not count as a failed probe what was sent before the outage", () => {
    const { pace, attempts, startAll } = create({ concurrency: 16 });
    attempts(["accepted"]);
    const starts = startAll();
    for (const start of starts.slice(0, 8)) pace.end(start, "failed");
    const wait = pace.wait();
    for (const start of starts.slice(8, -1)) pace.end(start, "failed");
    pace.end(starts.at(-1) as Start, "nothing");
    expect(wait).toBe(Number.POSITIVE_INFINITY);
    expect(pace.wait()).toBeLessThanOrEqual(500);
  });

  test("waits in an outage for a Retry-After, but not beyond its end, when the run stops", () => {
    const { pace, attempts } = create();
    attempts(["accepted"], ...times(7, "failed"), ["failed", 20_000]);
    expect(pace.wait()).toBe(20_000);
    attempts(["failed", 3_600_000]);
    expect(pace.wait()).toBe(40_000);
    attempts(["failed"]);
    expect(pace.stopped).toBe(true);
  });

  test("takes what proves nothing for a failure only where it was to tell whether an outage is over", () => {
    const { pace, attempts } = create();
    attempts(["accepted"], ...times(20, "nothing"));
    expect(pace.outage).toBe(false);
    attempts(...times(8, "failed"));
    const before = pace.wait();
    attempts(["nothing"], ["nothing"], ["nothing"]);
    expect(pace.wait()).toBeGreaterThan(before);
  });
});
