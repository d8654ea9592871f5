// How long to wait before another attempt.
import type { FetchHeaders } from "../types.js";

const FIRST_MS = 500;
const LONGEST_MS = 8_000;

/**
 * Exponential backoff: 0.5 s, doubling, at most 8 s, less a random half, so that many clients do not come back together.
 *
 * @param retry how many retries were made before this one.
 * @returns ms.
 */
export function backoff(retry: number): number {
  return Math.min(LONGEST_MS, FIRST_MS * 2 ** retry) * (0.5 + Math.random() / 2);
}

const HTTP_DATE = /^(Mon|Tues?|Wed(nes)?|Thu(rs)?|Fri|Sat(ur)?|Sun)(day)?,? .*\d{2}:\d{2}:\d{2}( GMT| \d{4})$/;

function readDate(value: string | null): number | undefined {
  const text = value?.trim() ?? "";
  if (!HTTP_DATE.test(text)) return undefined;
  const date = Date.parse(text.endsWith("GMT") ? text : `${text} GMT`);
  return Number.isNaN(date) ? undefined : date;
}

/**
 * Reads `Retry-After` (RFC 9110 §10.2.3): seconds, or an HTTP date in any of its three forms (§5.6.7). A date is measured
 * against the answer's own `Date`, since the local clock may be wrong.
 *
 * @returns ms, 0 for a date that has passed; undefined where there is none or it makes no sense.
 */
export function readRetryAfter(headers: FetchHeaders): number | undefined {
  const value = headers.get("retry-after")?.trim() ?? "";
  if (/^\d+$/.test(value)) {
    const ms = Number(value) * 1_000;
    return Number.isFinite(ms) ? ms : undefined;
  }
  const date = readDate(value);
  return date === undefined ? undefined : Math.max(0, date - (readDate(headers.get("date")) ?? Date.now()));
}
