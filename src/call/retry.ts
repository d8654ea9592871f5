// How long to wait before another attempt.

const FIRST = 500;
const LONGEST = 8_000;

/**
 * Exponential backoff: 0.5 s, doubling, at most 8 s, of which a random half is taken off so that many clients do not
 * come back together. In ms.
 *
 * @param retry how many retries were made before this one.
 */
export function backoff(retry: number): number {
  return Math.min(LONGEST, FIRST * 2 ** retry) * (0.5 + Math.random() / 2);
}

const HTTP_DATE = /^(Mon|Tues?|Wed(nes)?|Thu(rs)?|Fri|Sat(ur)?|Sun)(day)?,? .*\d{2}:\d{2}:\d{2}( GMT| \d{4})$/;

/**
 * Reads `Retry-After` (RFC 9110 §10.2.3): seconds, or an HTTP date in any of its three forms (§5.6.7).
 *
 * @returns ms from now, 0 for a date that has passed; undefined where there is none or it makes no sense.
 */
export function readRetryAfter(value: string | null): number | undefined {
  const text = value?.trim() ?? "";
  if (/^\d+$/.test(text)) return Number(text) * 1_000;
  if (!HTTP_DATE.test(text)) return undefined;
  const at = Date.parse(text.endsWith("GMT") ? text : `${text} GMT`);
  return Number.isNaN(at) ? undefined : Math.max(0, at - Date.now());
}
