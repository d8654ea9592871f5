// The tokens that are to be revoked: each once, and only as long as they are not known to be dead.

import { slugFault } from "../call/slug.js";
import type { TokenRef } from "../index.js";

export interface Targets extends Iterable<TokenRef> {
  readonly size: number;
  readonly accounts: number;
  /**
   * @returns false for one that is there already.
   * @throws an Error that says what is wrong with a slug; never the slug, which may be a secret.
   */
  add(ref: Record<keyof TokenRef, unknown>): boolean;
  /** Takes one out that is dead. */
  delete(ref: TokenRef): void;
}

/**
 * Holds each slug once, however long the list it came from; iterates in the order they were added.
 *
 * @param credential may be in no slug: those are shown, written to files and sent in URLs.
 */
export function createTargets(credential: string): Targets {
  const byAccount = new Map<string, Set<string>>();
  let size = 0;

  function assertTarget(name: string, slug: unknown): asserts slug is string {
    const fault = slugFault(slug, [credential]);
    if (fault) throw new Error(`${name} ${fault}. Nothing was sent.`);
  }

  return {
    get size() {
      return size;
    },
    get accounts() {
      return byAccount.size;
    },
    add({ serviceAccountSlug, tokenSlug }) {
      assertTarget("serviceAccountSlug", serviceAccountSlug);
      assertTarget("tokenSlug", tokenSlug);
      const tokens = byAccount.get(serviceAccountSlug) ?? new Set();
      if (tokens.has(tokenSlug)) return false;
      byAccount.set(serviceAccountSlug, tokens.add(tokenSlug));
      size++;
      return true;
    },
    delete({ serviceAccountSlug, tokenSlug }) {
      if (byAccount.get(serviceAccountSlug)?.delete(tokenSlug)) size--;
    },
    *[Symbol.iterator]() {
      for (const [serviceAccountSlug, tokens] of byAccount) {
        for (const tokenSlug of tokens) yield { serviceAccountSlug, tokenSlug };
      }
    },
  };
}
