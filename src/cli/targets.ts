// Tokens, each once, with what is known of each; grouped by service account, in the order they were added.
import type { TokenRef } from "../index.js";
import { slugFault } from "../slug.js";
import { UsageError } from "./errors.js";

/** The tokens to revoke. */
export type Targets = ReturnType<typeof createTargets>;

/** Holds the slug of an account once: a list of a million tokens has few accounts. */
export function createTargets() {
  const byAccount = new Map<string, Set<string>>();
  return {
    get size() {
      return [...byAccount.values()].reduce((sum, tokens) => sum + tokens.size, 0);
    },
    /** @param account without a token: all of its active tokens are meant. */
    addAll: (account: string) => void byAccount.set(account, new Set()),
    accounts: () => [...byAccount.keys()],
    tokensOf: (account: string): ReadonlySet<string> => byAccount.get(account) ?? new Set(),
    has: ({ serviceAccountSlug, tokenSlug }: TokenRef) => byAccount.get(serviceAccountSlug)?.has(tokenSlug) === true,
    add({ serviceAccountSlug, tokenSlug }: TokenRef): void {
      const tokens = byAccount.get(serviceAccountSlug) ?? new Set<string>();
      byAccount.set(serviceAccountSlug, tokens.add(tokenSlug));
    },
    /** An account without tokens is none of the list's. */
    remove({ serviceAccountSlug, tokenSlug }: TokenRef): void {
      const tokens = byAccount.get(serviceAccountSlug);
      if (tokens?.delete(tokenSlug) && tokens.size === 0) byAccount.delete(serviceAccountSlug);
    },
  };
}

/**
 * Refuses what cannot be sent. A list is read before the credential, so it is checked once more for slugs that hold it.
 *
 * @throws {UsageError} saying what is wrong with a slug; never the slug, which may be a secret.
 */
export function refuseFaults(targets: Targets, credentials: readonly string[] = []): void {
  const refuse = (what: string, slug: string) => {
    const fault = slugFault(slug, credentials);
    if (fault) throw new UsageError(`The ${what} ${fault}. Nothing was sent.`);
  };
  for (const account of targets.accounts()) {
    refuse("service account", account);
    for (const token of targets.tokensOf(account)) refuse("token", token);
  }
}
