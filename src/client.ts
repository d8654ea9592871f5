// The facade: a client, and what it can do.
import { createTransport } from "./call/attempt.js";
import { createCredential } from "./call/credential.js";
import { revoke } from "./call/revoke.js";
import { verify } from "./call/verify.js";
import {
  checkBulkOptions,
  checkBulkRef,
  checkCallOptions,
  checkClientOptions,
  checkRef,
  checkRefs,
  checkSecret,
  checkVerifyOptions,
} from "./check.js";
import { revokeAll } from "./run/revoke-all.js";
import type { ClientOptions, KaitenClient } from "./types.js";

/**
 * Creates a client. Nothing is sent until it is used.
 *
 * @throws {TypeError} for a bad option, naming it.
 */
export function createKaitenClient(options: ClientOptions): KaitenClient {
  const { baseUrl, traceparent, ...settings } = checkClientOptions(options);
  // Looked up at each call, so that a `fetch` that was wrapped later is used. Called without `this`: browsers demand that.
  const fetch = options.fetch ?? ((url, init) => globalThis.fetch(url, init));
  const transport = createTransport(baseUrl, fetch, traceparent);
  const openCredential = createCredential(options.token);
  const defaults = checkCallOptions(settings, {});
  return {
    serviceAccounts: {
      tokens: {
        async revoke(ref, callOptions) {
          const checked = checkRef(ref);
          const call = callOptions === undefined ? defaults : checkCallOptions(settings, callOptions);
          return revoke(transport, openCredential(), checked, call);
        },
        revokeAll(refs, bulkOptions = {}) {
          const context = { transport, openCredential, check: checkBulkRef };
          return revokeAll(context, checkRefs(refs), checkBulkOptions(settings, bulkOptions));
        },
      },
    },
    async verify(secret, verifyOptions = {}) {
      const call = checkVerifyOptions(settings, verifyOptions);
      const open = secret === undefined ? openCredential : createCredential(checkSecret(secret));
      return verify(transport, open(), call);
    },
  };
}
