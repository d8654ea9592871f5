// Tokens, each once, with what is known of each; grouped by service account, in the order they were added.

import type { TokenRef } from "../index.js";
import { slugFault } from "../slug.js";
import { UsageError } from "./usage-error.js";

export type TokenMap<Value> = ReturnType<typeof createTokenMap<Value>>;

/** The tokens to revoke. */
export type Targets = TokenMap<true>;

/** Holds the slug of an account once: a list of a million tokens has few accounts. */
export function createTokenMap<Value>() {
  const byAccount = new Map<string, Map<string, Value>>();
  return {
    get size() {
      return [...byAccount.values()].reduce((sum, tokens) => sum + tokens.size, 0);
    },
    get: ({ serviceAccountSlug, tokenSlug }: TokenRef) => byAccount.get(serviceAccountSlug)?.get(tokenSlug),
    set({ serviceAccountSlug, tokenSlug }: TokenRef, value: Value): void {
      const tokens = byAccount.get(serviceAccountSlug) ?? new Map<string, Value>();
      byAccount.set(serviceAccountSlug, tokens.set(tokenSlug, value));
    },
    *entries(): Generator<readonly [TokenRef, Value]> {
      for (const [serviceAccountSlug, tokens] of byAccount) {
        for (const [tokenSlug, value] of tokens) yield [{ serviceAccountSlug, tokenSlug }, value];
      }
    },
  };
}

/**
 * The tokens that were named as arguments.
 *
 * @throws {UsageError} saying what is wrong with a slug; never the slug, which may be a secret.
 */
export function namedTargets(account: string, tokens: readonly string[], credentials: readonly string[]): Targets {
  const targets: Targets = createTokenMap();
  for (const slug of [account, ...tokens]) {
    const fault = slugFault(slug, credentials);
    if (fault)
      throw new UsageError(`The ${slug === account ? "service account" : "token"} ${fault}. Nothing was sent.`);
  }
  for (const tokenSlug of tokens) targets.set({ serviceAccountSlug: account, tokenSlug }, true);
  return targets;
}
