// The facade: a client, and what it can do.
import { createTransport, type TokenRef } from "./call/attempt.js";
import { createCredential } from "./call/credential.js";
import { type Revocation, revoke } from "./call/revoke.js";
import { revokeAll, type TokenRefs, type TokenResult } from "./call/revoke-all.js";
import {
  type BulkOptions,
  type CallOptions,
  type ClientOptions,
  checkBulkOptions,
  checkCallOptions,
  checkClientOptions,
  checkRef,
  checkRefs,
} from "./check.js";

export interface KaitenClient {
  serviceAccounts: {
    tokens: {
      /**
       * Revokes a token, and resolves with `revoked` after a 204 to this very call, or with `absent` when the API has no
       * active token by that slug after an attempt that may have revoked it.
       *
       * @param ref the slugs: any non-empty string but `.` and `..`, in well-formed Unicode.
       * @throws {TypeError} for a bad argument, before anything is sent.
       * @throws {KaitenError} in all other cases; its `outcome` says what is known of the token.
       * @throws the signal's reason, when it aborts.
       * @example
       * const { outcome } = await kaiten.serviceAccounts.tokens.revoke({
       *   serviceAccountSlug: "ci-bot",
       *   tokenSlug: "deploy-key",
       * });
       */
      revoke(ref: TokenRef, options?: CallOptions): Promise<Revocation>;

      /**
       * Revokes many tokens and yields a result for each as it settles: never more than `concurrency` at once, and no
       * faster than the results are taken. One reference's failure is its result, not the end. When the credential is
       * refused (401 after a refresh, or 403 twenty times in a row) the rest are not attempted, and say so. Running it
       * again is the way to resume: with `ignoreAbsent`, what is dead already counts as done.
       *
       * @param refs any iterable or async iterable, of any length; it is closed at the end.
       * @throws {TypeError} at once, for a bad option or for what cannot be iterated.
       * @throws the signal's reason, after the results of what was in flight; and what the source throws.
       * @example
       * for await (const { ref, outcome, error } of kaiten.serviceAccounts.tokens.revokeAll(refs, { ignoreAbsent: true })) {
       *   if (error) console.error(ref, outcome, error.message);
       * }
       */
      revokeAll(refs: TokenRefs, options?: BulkOptions): AsyncGenerator<TokenResult, void, undefined>;
    };
  };
}

/**
 * Creates a client. Nothing is sent until it is used.
 *
 * @throws {TypeError} for a bad option, naming it.
 */
export function createKaitenClient(options: ClientOptions): KaitenClient {
  const { baseUrl, ...settings } = checkClientOptions(options);
  // The platform's `fetch` is looked up at each call, so that what wraps it later is used; and called bare, as it must be.
  const fetch = options.fetch ?? ((url, init) => globalThis.fetch(url, init));
  const transport = createTransport(baseUrl, fetch, createCredential(options.token));
  return {
    serviceAccounts: {
      tokens: {
        revoke: async (ref, callOptions = {}) =>
          revoke(transport, checkRef(ref), checkCallOptions(settings, callOptions)),
        revokeAll: (refs, bulkOptions = {}) =>
          revokeAll(transport, checkRefs(refs), checkBulkOptions(settings, bulkOptions)),
      },
    },
  };
}
