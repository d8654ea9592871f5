// How long a server asks to wait.
import type { FetchHeaders } from "../types.js";

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
