// What the tests of the gateways share: tokens, runs, what is wrong in their results, and how long they waited.
import type { BulkOptions, Fetch, KaitenClient, TokenRef, TokenResult } from "../../src/index.js";
import type { FakeKaiten } from "../../src/testing/index.js";

export const refsOf = (count: number): TokenRef[] =>
  Array.from({ length: count }, (_, index) => ({ serviceAccountSlug: "ci-bot", tokenSlug: `token-${index}` }));

export async function runAll(kaiten: KaitenClient, refs: readonly TokenRef[], options: BulkOptions = {}) {
  const results: TokenResult[] = [];
  for await (const result of kaiten.serviceAccounts.tokens.revokeAll(refs, options)) results.push(result);
  return results;
}

/** The results that the truth contradicts. */
export const wrong = (fake: FakeKaiten, results: readonly Pick<TokenResult, "outcome" | "ref">[]) =>
  results.filter(({ outcome, ref }) => {
    if (outcome === "not-revoked") return !fake.isAlive(ref);
    return outcome !== "unknown" && fake.isAlive(ref);
  });

/** How many results have each outcome. */
export function count(results: readonly TokenResult[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { outcome } of results) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
}

/**
 * Aborts when a run has waited for some seconds in all, with nothing in flight. Only its own patience counts: neither what
 * an answer takes, nor the time in which a busy machine keeps this process from running.
 *
 * @param fetch through which the run sends.
 */
export function limitWaiting(seconds: number, fetch: Fetch = (...args) => globalThis.fetch(...args)) {
  const controller = new AbortController();
  let inFlight = 0;
  let ticks = 0;
  const timer = setInterval(() => {
    if (inFlight > 0) return;
    ticks += 1;
    if (ticks >= seconds * 50) controller.abort(new Error(`The run has waited for more than ${seconds} s`));
  }, 20);
  const counted: Fetch = async (url, init) => {
    inFlight += 1;
    try {
      return await fetch(url, init);
    } finally {
      inFlight -= 1;
    }
  };
  return {
    signal: controller.signal,
    fetch: Object.assign(counted, fetch),
    [Symbol.dispose]: () => clearInterval(timer),
  };
}
