// How long to wait before another attempt.
import type { AttemptResult } from "../answer/result.js";

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

/**
 * `Retry-After` is a lower bound.
 *
 * @returns ms; undefined where the server asks for a longer pause than the caller allows.
 */
export function retryDelay(result: AttemptResult, retry: number, maxRetryAfter: number): number | undefined {
  const asked = result.retryAfter ?? 0;
  return asked > maxRetryAfter ? undefined : Math.max(asked, backoff(retry));
}
