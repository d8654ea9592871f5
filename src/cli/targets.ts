// The tokens that are to be revoked: each once, and only as long as they are not known to be dead.
import type { TokenRef } from "../index.js";

export interface Targets extends Iterable<TokenRef> {
  readonly size: number;
  readonly accounts: number;
  /** @returns false for one that is there already. */
  add(ref: TokenRef): boolean;
  /** Takes one out that is dead. */
  delete(ref: TokenRef): void;
}

/** Holds each slug once, however long the list it came from; iterates in the order they were added. */
export function createTargets(): Targets {
  const byAccount = new Map<string, Set<string>>();
  let size = 0;
  return {
    get size() {
      return size;
    },
    get accounts() {
      return byAccount.size;
    },
    add({ serviceAccountSlug, tokenSlug }) {
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
