// The facade: a client, and what it can do.
import { createTransport, type TokenRef } from "./attempt.js";
import { createCredential } from "./credential.js";
import { type CallOptions, type ClientOptions, checkCallOptions, checkClientOptions, checkRef } from "./options.js";
import { type Revocation, revoke } from "./revoke.js";

export interface KaitenClient {
  serviceAccounts: {
    tokens: {
      /**
       * Revokes a token, and resolves only when it is dead: with `revoked` after a 204 to this very call, or with
       * `absent` when the API has no active token by that slug after an attempt that may have revoked it.
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
      },
    },
  };
}
