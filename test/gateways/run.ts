// What the tests of the gateways share: tokens, runs, what is wrong in their results, and a clock.
import type { BulkOptions, KaitenClient, TokenRef, TokenResult } from "../../src/index.js";
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
 * Aborts after some seconds. Its clock stands still while this process is kept from running, so a busy machine does not
 * make a run too long.
 */
export function abortAfter(seconds: number): { signal: AbortSignal } & Disposable {
  const controller = new AbortController();
  let ticks = 0;
  const timer = setInterval(() => {
    ticks += 1;
    if (ticks >= seconds * 50) controller.abort(new Error(`The run takes longer than ${seconds} s`));
  }, 20);
  return { signal: controller.signal, [Symbol.dispose]: () => clearInterval(timer) };
}
