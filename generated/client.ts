// Written by `npm run generate` from the OpenAPI spec. Never edit: change the spec and run it again.

import createFetchClient, { type Client as FetchClient, type ClientOptions, type FetchOptions, type FetchResponse } from "openapi-fetch";
import type { operations as Operations, paths as Paths } from "./schema.js";

/** openapi-fetch, typed by the spec. */
export type Client = FetchClient<Paths>;

/** The servers that the spec names. Pass the URL of one, or your own, as `baseUrl`. */
export const servers = [
  {
    "url": "https://demo.kaiten.sh",
    "description": "The vendor's demo. Deployments have hosts of their own."
  }
] as const;

/** The statuses that each operation documents as problems (`application/problem+json`, RFC 9457). */
export const problemStatuses = {
  deleteServiceAccountToken: [400, 401, 403, 404, 422, 500],
  getServiceAccount: [400, 401, 403, 404, 500],
} as const;

type Init<Id extends keyof Operations> = object extends FetchOptions<Operations[Id]> ? [init?: FetchOptions<Operations[Id]>] : [init: FetchOptions<Operations[Id]>];
type Result<Id extends keyof Operations> = Promise<FetchResponse<Operations[Id], object, `${string}/${string}`>>;

export const createClient = (options: ClientOptions): Client => createFetchClient<Paths>(options);

/**
 * Revoke a service account's token
 *
 * Takes an API token of a service account out of use: afterwards the token no longer authenticates. That cannot be undone [assumed]. The organization is the one that the bearer credential belongs to, so nothing in the request names it. A token that was revoked before is answered like one that never was: 404 [observed]. So the answer to a request that was sent twice on the way, or again after a lost answer, is no proof: the record is, see `get-service-account`.
 *
 * - `serviceAccountSlug`: Slug of the service account that owns the token.
 *
 * - `tokenSlug`: Slug of the token to revoke (its name, never its secret).
 *
 * `DELETE /service-accounts/{serviceAccountSlug}/tokens/{tokenSlug}`
 */
export function deleteServiceAccountToken(client: Client, ...init: Init<"delete-service-account-token">): Result<"delete-service-account-token"> {
  return client.DELETE("/service-accounts/{serviceAccountSlug}/tokens/{tokenSlug}", ...init);
}

/**
 * Get a service account by slug
 *
 * The record of a service account with all its tokens, newest first. Tokens that are revoked or have expired are among them, until they are deleted: by default 90 days later. All come at once, without pages, and never with their secrets. So it tells whether a token is revoked, when and by whom, and reading it changes nothing. The scope `write:tokens` implies `read:tokens`: who may revoke may also read. Each read is metered (`service-accounts-read`).
 *
 * - `serviceAccountSlug`: Slug of the service account.
 *
 * `GET /service-accounts/{serviceAccountSlug}`
 */
export function getServiceAccount(client: Client, ...init: Init<"get-service-account">): Result<"get-service-account"> {
  return client.GET("/service-accounts/{serviceAccountSlug}", ...init);
}
