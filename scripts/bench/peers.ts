// The clients that are measured, each set up as its own documentation does, to do one thing: revoke a token and tell
// success from failure. undici is imported by those alone that use it: it puts itself under the platform's `fetch` of the
// process, where nothing is yet.
import axios from "axios";
import ky from "ky";
import { ofetch } from "ofetch";
import createFetchClient from "openapi-fetch";
import { type ClientOptions, createKaitenClient } from "../../dist/index.js";
import type { paths } from "../../generated/schema.js";

export interface Client {
  /** Revokes the token of that slug; rejects for whatever the client takes for a failure. */
  revoke(tokenSlug: string): Promise<unknown>;
  /** The same for many, where the client has a way of its own. */
  revokeAll?(tokenSlugs: readonly string[], concurrency: number): Promise<void>;
  close?(): Promise<void>;
}

export interface Peer {
  name: string;
  create(target: { baseUrl: string; token: string }): Promise<Client>;
}

const ACCOUNT = "ci-bot";
const path = (tokenSlug: string) => `/service-accounts/${ACCOUNT}/tokens/${encodeURIComponent(tokenSlug)}`;
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

async function generatedByHeyApi() {
  return import(new URL("./node_modules/.cache/hey-api/index.mjs", import.meta.url).href);
}

export const FETCH = "fetch";
export const OURS = "kaiten-service-accounts";
export const OURS_UNDICI = "kaiten-service-accounts over undici";

function ours(options: ClientOptions): Client {
  const { tokens } = createKaitenClient(options).serviceAccounts;
  return {
    revoke: (tokenSlug) => tokens.revoke({ serviceAccountSlug: ACCOUNT, tokenSlug }),
    async revokeAll(tokenSlugs, concurrency) {
      const refs = tokenSlugs.map((tokenSlug) => ({ serviceAccountSlug: ACCOUNT, tokenSlug }));
      for await (const { error } of tokens.revokeAll(refs, { concurrency })) if (error) throw error;
    },
  };
}

export const PEERS: readonly Peer[] = [
  {
    name: FETCH,
    create: async ({ baseUrl, token }) => ({
      revoke: async (slug) => {
        const response = await fetch(baseUrl + path(slug), { method: "DELETE", headers: bearer(token) });
        if (!response.ok) throw new Error(`It answered ${response.status}.`);
      },
    }),
  },
  {
    name: "undici.request",
    create: async ({ baseUrl, token }) => {
      const { Agent } = await import("undici");
      const agent = new Agent({ connections: 16 });
      const { origin, pathname } = new URL(baseUrl);
      const prefix = pathname.replace(/\/$/, "");
      return {
        revoke: async (slug) => {
          const { statusCode, body } = await agent.request({
            origin,
            path: prefix + path(slug),
            method: "DELETE",
            headers: bearer(token),
          });
          body.resume();
          if (statusCode >= 300) throw new Error(`It answered ${statusCode}.`);
        },
        // Not close(): that would wait for a body without end.
        close: () => agent.destroy(),
      };
    },
  },
  {
    name: "openapi-fetch",
    create: async ({ baseUrl, token }) => {
      const client = createFetchClient<paths>({ baseUrl, headers: bearer(token) });
      return {
        revoke: async (tokenSlug) => {
          const { error } = await client.DELETE("/service-accounts/{serviceAccountSlug}/tokens/{tokenSlug}", {
            params: { path: { serviceAccountSlug: ACCOUNT, tokenSlug } },
          });
          if (error !== undefined) throw error;
        },
      };
    },
  },
  {
    name: "hey-api",
    create: async ({ baseUrl, token }) => {
      const { createClient, deleteServiceAccountToken } = await generatedByHeyApi();
      const client = createClient({ baseUrl, throwOnError: true });
      client.interceptors.request.use((request: Request) => {
        request.headers.set("authorization", `Bearer ${token}`);
        return request;
      });
      return {
        revoke: (tokenSlug) =>
          deleteServiceAccountToken({ client, path: { serviceAccountSlug: ACCOUNT, tokenSlug }, throwOnError: true }),
      };
    },
  },
  {
    name: "ky",
    create: async ({ baseUrl, token }) => {
      const client = ky.create({ prefixUrl: baseUrl, headers: bearer(token) });
      return { revoke: async (slug) => client.delete(path(slug).slice(1)) };
    },
  },
  {
    name: "axios",
    create: async ({ baseUrl, token }) => {
      const client = axios.create({ baseURL: baseUrl, headers: bearer(token) });
      return { revoke: (slug) => client.delete(path(slug)) };
    },
  },
  {
    name: "ofetch",
    create: async ({ baseUrl, token }) => {
      const client = ofetch.create({ baseURL: baseUrl, headers: bearer(token) });
      return { revoke: (slug) => client(path(slug), { method: "DELETE" }) };
    },
  },
  {
    name: OURS,
    create: async (target) => ours(target),
  },
  {
    name: OURS_UNDICI,
    create: async (target) => {
      const { undiciFetch } = await import("../../dist/undici.js");
      const fetch = undiciFetch({ connections: 16 });
      return { ...ours({ ...target, fetch }), close: fetch.close };
    },
  },
];
