// The clients that are measured, each set up as its own documentation does, to do one thing: revoke a token.
import { type ClientOptions, createKaitenClient } from "kaiten-service-accounts";
import createFetchClient from "openapi-fetch";
import type { paths } from "../../generated/schema.js";

export interface Client {
  /** Rejects for whatever the client takes for a failure. */
  revoke(tokenSlug: string): Promise<unknown>;
}

export type CreateClient = (baseUrl: string, token: string) => Client | Promise<Client>;

/** Peers are installed where the benchmark runs, not where types are checked: these are the parts of them in use. */
type Creates<Result> = { default: { create(options: object): Result } };
type Deletes = { delete(path: string): Promise<unknown> };
type HeyApi = Record<"createClient" | "deleteServiceAccountToken", (options: object) => Promise<unknown>>;
const load = <Module>(name: string): Promise<Module> => import(name);

const serviceAccountSlug = "ci-bot";
const path = (tokenSlug: string) => `/service-accounts/${serviceAccountSlug}/tokens/${encodeURIComponent(tokenSlug)}`;
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

function byFetch(more: () => RequestInit): CreateClient {
  return (baseUrl, token) => ({
    async revoke(slug) {
      const init = { method: "DELETE", headers: bearer(token), ...more() };
      const { ok, status } = await fetch(baseUrl + path(slug), init);
      if (!ok) throw new Error(`Status ${status}`);
    },
  });
}

const ours = (options: ClientOptions): Client => {
  const { revoke } = createKaitenClient(options).serviceAccounts.tokens;
  return { revoke: (tokenSlug) => revoke({ serviceAccountSlug, tokenSlug }) };
};

export const CAREFUL = "careful fetch";
export const HEY_API = "hey-api";
export const OURS = "kaiten-service-accounts";
export const UNDICI = "kaiten-service-accounts over undici";

export const CLIENTS: Record<string, CreateClient> = {
  fetch: byFetch(() => ({})),
  [CAREFUL]: byFetch(() => ({ redirect: "manual", signal: AbortSignal.timeout(20_000) })),

  "openapi-fetch": (baseUrl, token) => {
    const { DELETE } = createFetchClient<paths>({ baseUrl, headers: bearer(token) });
    return {
      async revoke(tokenSlug) {
        const params = { path: { serviceAccountSlug, tokenSlug } };
        const { error } = await DELETE("/service-accounts/{serviceAccountSlug}/tokens/{tokenSlug}", { params });
        if (error !== undefined) throw error;
      },
    };
  },

  [HEY_API]: async (baseUrl, auth) => {
    const { createClient, deleteServiceAccountToken } = await load<HeyApi>("./hey-api.mjs");
    const client = createClient({ baseUrl, auth, throwOnError: true });
    return { revoke: (tokenSlug) => deleteServiceAccountToken({ client, path: { serviceAccountSlug, tokenSlug } }) };
  },

  ky: async (prefixUrl, token) => {
    const ky = (await load<Creates<Deletes>>("ky")).default.create({ prefixUrl, headers: bearer(token) });
    return { revoke: async (slug) => ky.delete(path(slug).slice(1)) };
  },

  [OURS]: (baseUrl, token) => ours({ baseUrl, token }),

  [UNDICI]: async (baseUrl, token) => {
    // Loaded late: undici puts itself under a global fetch that was never used.
    const { undiciFetch } = await import("kaiten-service-accounts/undici");
    return ours({ baseUrl, token, fetch: undiciFetch({ connections: 16 }) });
  },
};
