// The facade: a client, and what it can do.
import { getAccount } from "./call/account.js";
import { createTransport } from "./call/attempt.js";
import { createCredential } from "./call/credential.js";
import { revoke } from "./call/revoke.js";
import { verifyAll } from "./call/verify.js";
import {
  checkBulkOptions,
  checkCallOptions,
  checkClientOptions,
  checkRef,
  checkRefs,
  checkSecret,
  checkSlug,
  checkVerifyOptions,
} from "./check.js";
import { revokeAll } from "./run/revoke-all.js";
import type { ClientOptions, KaitenClient, Verification, VerifyOptions } from "./types.js";

/**
 * Creates a client. Nothing is sent until it is used.
 *
 * @throws {TypeError} for a bad option, naming it.
 */
export function createKaitenClient(options: ClientOptions): KaitenClient {
  return openClient(options).client;
}

/** @returns the client, and what the command can do besides: one control serves many secrets. */
export function openClient(options: ClientOptions) {
  const { baseUrl, traceparent: trace, headers, secretValues, ...settings } = checkClientOptions(options);
  // Looked up at each call, so that a `fetch` that was wrapped later is used. Called without `this`: browsers demand that.
  const fetch = options.fetch ?? ((url, init) => globalThis.fetch(url, init));
  const transport = createTransport(baseUrl, { fetch, headers, trace });
  const openCredential = createCredential(options.token, secretValues);

  const verifyMany = async (secrets: readonly string[], verifyOptions: VerifyOptions = {}): Promise<Verification[]> => {
    const call = checkVerifyOptions(settings, verifyOptions);
    return verifyAll(transport, secrets.map(checkSecret), openCredential(), call);
  };
  const client: KaitenClient = {
    serviceAccounts: {
      async get(serviceAccountSlug, callOptions = {}) {
        const checked = checkSlug(serviceAccountSlug, "serviceAccountSlug");
        return getAccount(transport, openCredential(), checked, checkCallOptions(settings, callOptions));
      },
      tokens: {
        async revoke(ref, callOptions = {}) {
          const checked = checkRef(ref);
          return revoke(transport, openCredential(), checked, checkCallOptions(settings, callOptions));
        },
        revokeAll(refs, bulkOptions = {}) {
          return revokeAll(transport, openCredential, checkRefs(refs), checkBulkOptions(settings, bulkOptions));
        },
      },
    },
    async verify(secret, verifyOptions) {
      const [verification] = await verifyMany([secret], verifyOptions);
      return verification as Verification;
    },
  };
  return { client, verifyMany };
}
