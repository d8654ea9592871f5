// How long to wait before another attempt: the range of the backoff, and every form of Retry-After.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { readRetryAfter } from "../../src/answer/retry-after.js";
import { backoff } from "../../src/call/retry.js";

describe("backoff", () => {
  test.each([
    [0, 500],
    [1, 1000],
    [2, 2000],
    [3, 4000],
    [4, 8000],
    [5, 8000],
    [100, 8000],
  ])("before retry %i it is at most %i ms and at least half of that, and varies", (retry, most) => {
    const waits = Array.from({ length: 500 }, () => backoff(retry));
    expect(Math.max(...waits)).toBeLessThanOrEqual(most);
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(most / 2);
    expect(Math.max(...waits) - Math.min(...waits)).toBeGreaterThan(most / 4);
  });
});

const DAY = 24 * 3_600_000;

const read = (value: string | null, more: Record<string, string> = {}) =>
  readRetryAfter(new Headers({ ...(value !== null && { "Retry-After": value }), ...more }));

describe("Retry-After", () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: new Date("2026-11-23T12:00:00Z") });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test.each([
    ["0", 0],
    ["1", 1_000],
    ["120", 120_000],
    [" 3 ", 3_000],
    ["007", 7_000],
    ["Mon, 23 Nov 2026 12:00:05 GMT", 5_000],
    ["Monday, 23-Nov-26 12:00:05 GMT", 5_000],
    ["Tue, 24 Nov 2026 12:00:00 GMT", DAY],
    ["Tuesday, 24-Nov-26 12:00:00 GMT", DAY],
    ["Wed, 25 Nov 2026 12:00:00 GMT", 2 * DAY],
    ["Wednesday, 25-Nov-26 12:00:00 GMT", 2 * DAY],
    ["Thu, 26 Nov 2026 12:00:00 GMT", 3 * DAY],
    ["Thursday, 26-Nov-26 12:00:00 GMT", 3 * DAY],
    ["Fri, 27 Nov 2026 12:00:00 GMT", 4 * DAY],
    ["Friday, 27-Nov-26 12:00:00 GMT", 4 * DAY],
    ["Sat, 28 Nov 2026 12:00:00 GMT", 5 * DAY],
    ["Saturday, 28-Nov-26 12:00:00 GMT", 5 * DAY],
    ["Mon Nov 23 12:00:05 2026", 5_000],
    ["Tue Dec  1 12:00:00 2026", 8 * DAY],
    ["Sun, 06 Nov 1994 08:49:37 GMT", 0],
    ["Sunday, 06-Nov-94 08:49:37 GMT", 0],
    ["Sun Nov  6 08:49:37 1994", 0],
  ])("%s is %i ms", (value, ms) => {
    expect(read(value)).toBe(ms);
  });

  test.each([
    null,
    "",
    " ",
    "-1",
    "+1",
    "1.5",
    "1e3",
    "0x1",
    "1 s",
    "1, 2",
    "soon",
    "2026-11-23T12:00:05Z",
    "Mon, 23 Nov 2026 12:00:05",
    "Mon, 23 Nov 2026 12:00:05 PST",
    "Mon, 23 Nov 2026 12:00:05 GMT (sharp)",
    "at Mon, 23 Nov 2026 12:00:05 GMT",
    "Mon, 23 Nov 2026 1:00:05 GMT",
    "Mon, 99 Foo 2026 99:00:05 GMT",
    "Xxx, 23 Nov 2026 12:00:05 GMT",
    // More seconds than a number can hold.
    "9".repeat(310),
  ])("%j makes no sense and is ignored", (value) => {
    expect(read(value)).toBeUndefined();
  });

  test.each([
    ["Mon, 23 Nov 2026 10:00:00 GMT", "Mon, 23 Nov 2026 10:00:05 GMT", 5_000],
    ["Mon, 23 Nov 2026 10:00:00 GMT", "Monday, 23-Nov-26 10:00:05 GMT", 5_000],
    ["Mon Nov 23 14:00:00 2026", "Mon, 23 Nov 2026 14:00:05 GMT", 5_000],
    ["Mon, 23 Nov 2026 14:00:00 GMT", "Mon, 23 Nov 2026 13:00:00 GMT", 0],
    // Without a Date that makes sense, the local clock is all there is.
    ["yesterday", "Mon, 23 Nov 2026 12:00:05 GMT", 5_000],
  ])("with Date: %s, %s is %i ms: the local clock may be wrong", (date, value, ms) => {
    expect(read(value, { Date: date })).toBe(ms);
  });

  test("white space around a value means nothing, also where the fetch leaves it there", () => {
    const given = (fields: Record<string, string>) =>
      readRetryAfter({ get: (name) => fields[name] ?? null, has: (name) => name in fields, forEach: () => {} });
    expect(given({ "retry-after": " 7 " })).toBe(7_000);
    expect(given({ "retry-after": "Mon, 23 Nov 2026 10:00:05 GMT", date: " Mon, 23 Nov 2026 10:00:00 GMT " })).toBe(
      5_000,
    );
  });
});
